#pragma once

#include <string>
#include <vector>

/// Texts that somebody would like to see stored, logged or printed as they are.
namespace postern::test {

/// Well-formed UTF-8 that no terminal, log or listing should get raw.
inline const std::vector<std::string>& hostile_characters() {
  static const std::vector<std::string> all = {
      "\x1b[2J\x1b[H",           // clears the screen
      "\x1b]0;owned\x07",        // sets the title
      "\x1b]52;c;cm0gLXJm\x07",  // writes the clipboard
      "\x1bP$q\"p\x1b\\",        // asks the terminal to answer
      "\x1b[6n",                 // the same, for the cursor
      "\x1b"
      "c",                         // resets it
      "name\x1b[1A\x1b[2Kforged",  // overwrites the line above
      "\xc2\x9b"
      "2J",  // CSI as C1
      "\xc2\x9d"
      "0;owned\xc2\x9c",  // OSC and ST as C1
      "\xc2\x90"
      "q\xc2\x9c",                         // DCS as C1
      "\xc2\x85next line",                 // NEL
      "a\nCommitted on 3 of 3 machines.",  // a line of somebody's own
      "a\rb",
      "a\tb",
      "a\vb\fc",
      "\x07",
      "a\x08\x08\x08z",
      "\x7f",
      "\xe2\x80\xaetxt.exe",  // right-to-left override
      "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad",
      "\xe2\x81\xa6isolated\xe2\x81\xa9",
      "\xd8\x9c"
      "alm",
      "\xe2\x80\x8e\xe2\x80\x8f",
      "a\xe2\x80\xa8"
      "b",  // line separator
      "a\xe2\x80\xa9"
      "b",                  // paragraph separator
      "admin\xe2\x80\x8b",  // zero width space: looks like another
      "admin\xe2\x81\xa0",  // word joiner
      "\xef\xbb\xbf"
      "admin",  // byte order mark
      "\xef\xbf\xb9"
      "a\xef\xbf\xbb",                     // interlinear annotation
      "\xf3\xa0\x81\x81\xf3\xa0\x81\xbf",  // tags
      "\xf4\x80\x80\x80",                  // a private plane
      "\xef\xbf\xbf",                      // a noncharacter
      std::string("a\0b", 3),
  };
  return all;
}

/// Bytes that are no UTF-8 at all.
inline const std::vector<std::string>& hostile_bytes() {
  static const std::vector<std::string> all = {
      "\xff\xfe",
      "\x9b"
      "2J",
      "\xc0\x9b"
      "2J",
      "\xe0\x82\x9b",
      "\xed\xa0\x80",
      "\xf4\x90\x80\x80",
      "\xf8\x88\x80\x80\x80",
      "\xc3",
      "a\xe2\x80",
  };
  return all;
}

}  // namespace postern::test
