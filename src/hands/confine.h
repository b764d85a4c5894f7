#pragma once

namespace postern::hands {

/// For the program that a login runs, called in its process before it is executed: limits of
/// memory, files and processes, no new privileges, and a filter of system calls (seccomp(2)) that
/// leaves it what an interpreter on a terminal needs. Holds for all that it ever becomes. False:
/// errno says why.
bool confine_login();

/// False in a sanitizer's build, whose runtime needs more processes, address space and calls: then those are left.
bool confines_wholly();

/// Before a process becomes another user: it cannot execute anything then if that user has a
/// process already, and cannot make a second one later.
bool limit_to_one_process();

/// For a program of ours that keeps running as what it was started: no new privileges, no core
/// file.
bool seal();

/// First thing in a program that holds secrets: its memory, descriptors and environment are root's
/// alone (prctl(2), PR_SET_DUMPABLE, which every exec resets), and it leaves no core file.
void hide_memory();

/// For postern-hands itself: of root's capabilities those that its verbs, the programs it starts
/// and Postfix's master need; the others (modules, devices, networks, mounts, …) can never come
/// back. What the host does not give is missing as before.
void keep_needed_capabilities();

/// posternd's own filter of system calls (seccomp(2)), before it reads a byte of anybody's: no other
/// program, no other process, no namespaces, nothing of the kernel's that is not files and sockets of
/// the families it uses. In a sanitizer's build processes and programs are left. False: errno says why.
bool confine_daemon();

/// From here on this process executes no other program, whatever it is made to do.
bool execute_nothing();

}  // namespace postern::hands
