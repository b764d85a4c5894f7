#pragma once

#include "cluster/asks.h"
#include "cluster/history.h"
#include "cluster/peer.h"
#include "cluster/request.h"
#include "cluster/shares.h"
#include "cluster/state_builder.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The inside of a Peer. One step is: the event, the timers, what they made ready, the queue of own
/// commits, the answers. The members' functions live in the file of their subject:
///   local.cpp    own commits: queue, base check, stamp, flush    answer.cpp   who is waited for, who is missing
///   receive.cpp  Ship: decode, check, persist                    held.cpp     received commits until applied
///   sync.cpp     vectors: push, pull, summary                    stored.cpp   acknowledgements, both ways
///   hello.cpp    the first message of a link                     links.cpp    up and down, pings, link states
///   info.cpp     what others may look at         restore.cpp  what was stored, proved
///   lost.cpp     values that the disk has lost             asks.cpp     questions between machines
namespace postern::cluster {

/// A commit that came from another machine and is not applied yet.
struct Held {
  enum class Where : std::uint8_t {
    waiting,            ///< in memory only: its context is not here
    persisting,         ///< being flushed; applied when that is done
    staged_persisting,  ///< being flushed as staged
    staged,             ///< flushed; applied when it is known durable and its context is here
  };
  Header header;
  base::Hash hash;
  Envelope envelope;
  Values values;
  Where where = Where::waiting;
  bool durable = false;               ///< its author, or anyone who applied it, has it on disk
  bool proved = false;                ///< chain and signature were checked: only then it owns its dot
  bool possible = false;              ///< why_impossible found nothing; it depends on the context alone, which does not change
  bool wanted = false;                ///< another author has seen it, or another member shows it: it is measured with those
  Account account;                    ///< whose room it takes; a proved one's signature was checked at its arrival
  bool visible = false;               ///< from the store, applied before, and its context has a gap now
  bool cannot_give_way = false;       ///< it came staged: flushed and acknowledged, so it stays until it is known
  std::vector<base::Signature> also;  ///< while waiting: others that came with this header
  std::set<LinkId> from;              ///< who is told when it is flushed
  Token token = 0;
  std::size_t bytes = 0;
};

/// The dot of the commit before; seq > 1.
inline Dot before_dot(const Dot& dot) { return {dot.member, dot.incarnation, dot.seq - 1}; }

/// An own commit whose flush is under way.
struct Flight {
  Header header;
  base::Hash hash;
  Envelope envelope;
  Values values;
  Token token = 0;
  bool wait = true;
  std::set<LinkId> shipped;
  std::set<base::MemberId> stored;  ///< who has it on disk, staged
};

/// An own commit that is durable but not answered yet.
struct Due {
  std::string request_key;
  base::Hash content;
  base::Hash hash;
  std::int64_t hurry_mono_ms = 0;  ///< from then on it is waited for at the cost of patience
  std::int64_t deadline_mono_ms = 0;
  bool wait = true;
  std::set<base::MemberId> patient;  ///< whose patience was spent on it
};

struct Link {
  LinkId id = 0;
  base::MemberId member;
  bool greeted = false;  ///< its Hello came
  bool live = false;     ///< settings flow
  bool version_differs = false;
  bool leaving = false;  ///< its membership ended: it only gets what ended it
  std::int64_t leave_at = 0;
  std::string package_version;

  Known said;                       ///< own chains, as our Hello on this link named them durable
  bool answered = false;            ///< it spoke after our Hello, so it has heard that
  Known has;                        ///< what it said that it holds
  Known sent;                       ///< what we have shipped beyond that, or believe it got from the author himself
  std::optional<base::Hash> round;  ///< last commit of the round under way
  std::int64_t round_retry_at = 0;
  int round_tries = 0;
  std::int64_t pull_again_at = 0;
  std::int64_t summary_again_at = 0;
  std::optional<Vector> pulled;   ///< its last Pull and Summary, until they are looked at: a look goes over
  std::optional<Vector> summary;  ///< all chains, whatever the message's size
  std::int64_t vectors_again_at = 0;
  Pace hearsay{64, 100};      ///< what it may tell of third machines
  Pace carried{64, 100};      ///< what is carried for it to others, in units of 64 KiB
  std::uint64_t refused = 0;  ///< commits from it that did not check
  bool missed_ack = false;

  std::uint64_t ping_number = 0;
  bool ping_open = false;
  std::int64_t ping_sent_at = 0;
  std::int64_t next_ping_at = 0;
  int pings_missed = 0;
  std::int64_t heard_at = 0;
  std::int64_t round_trip_ms = -1;
  std::int64_t clock_ahead_ms = 0;
  base::Hash digest;  ///< its vector's, at its last ping
};

/// What is known of another member, with or without a link.
struct Other {
  std::uint64_t nonce = 0;
  std::set<std::uint64_t> superseded;
  std::optional<LinkState> link_state;
  std::optional<base::MemberId> state_told_by;  ///< who told us that, when it was not itself
  Known stored;                                 ///< as it said itself
  Vector covers;                                ///< its data plane; as it said it
  std::string problem;
  Vector tried;  ///< what the problem is about; empty: it did not say
  std::optional<base::MemberId> covers_told_by;
  std::int64_t began_at = 0;  ///< mono_ms of its last new chain that was taken here by measure
  /// Times that its word alone ended our incarnation: it may be an invention, and each new one is a chain for ever.
  Pace own_words{2, 3'600'000};
  Pace patience{3, 60'000};  ///< waits for it of more than a quarter of answer_wait_ms, on whichever link
  bool pace_alerted = false;
  bool clock_alerted = false;
  base::Hash state_alerted;
  std::int64_t down_since = 0;
  bool down_alerted = false;
  std::int64_t alert_allowed_at = 0;
};

/// Alerts of one kind about one member: whoever causes them must not fill the log and all terminals.
struct AlertPace {
  Pace pace{8, 60'000};
  std::uint64_t left_out = 0;  ///< since the last one that was told
};

/// What one author may have staged, or deferred, of the room for received commits; and all authors together: what is
/// staged cannot give way.
constexpr std::size_t staged_part = 8;
constexpr std::size_t all_staged_part = 2;
class Runs;
/// The founding commit brings its author's key itself; none when its identity is not among `values`.
std::optional<base::VerifyKey> founder_key(const Header& header, const Values& values);

struct Peer::Core {
  Core(Self who, Tuning how, std::uint64_t nonce, base::Incarnation fresh, base::Instant at);

  // peer.cpp
  Effects step(const Event& event, base::Instant at);
  void handle(const LocalCommit& what);
  void handle(const Flushed& what);
  void handle(const LinkUp& what);
  void handle(const LinkDown& what);
  void handle(const Received& what);
  void handle(const Tick&) {}
  void handle(const DataPlane& what);
  void handle(const Joining& what);
  void handle(const Ask& what);
  void handle(const Reply& what);
  void receive(Link& link, const Message& message);
  void note_durable(Link& link, const Durable& what);
  void close_refused();
  void watch_clock();
  void run_timers();
  [[nodiscard]] std::int64_t next_wake() const;
  Persist& persist();
  void send(LinkId link, Message message);
  /// `member`: whom it is about; its alerts of a kind have a pace of their own.
  void alert(Alert::Grade grade, const char* about, const base::MemberId& member, std::string text);
  const Fleet& fleet();
  std::string host_of(const base::MemberId& member);
  [[nodiscard]] bool is_dead(const base::MemberId& member) const;

  // restore.cpp
  base::Result<void> load(const std::vector<StoredCommit>& past, const ValueOf& value_of);
  [[nodiscard]] std::string check_restored(const Header& header) const;
  [[nodiscard]] std::string prove_restored(Runs& runs, std::size_t at, const Values& identities) const;
  [[nodiscard]] std::optional<base::VerifyKey> key_for(const Header& header, const Values& identities) const;
  void hold_back(Header header, const base::Hash& hash, const Envelope& envelope, bool visible);

  // local.cpp
  bool answer_known(const LocalCommit& what);
  void answer_held(const LocalCommit& what, const Held& one);
  [[nodiscard]] std::string past_limits(const LocalCommit& what) const;
  [[nodiscard]] std::string not_allowed(const LocalCommit& what) const;
  [[nodiscard]] bool admits_known(const LocalCommit::Item& item) const;
  [[nodiscard]] bool may_author();
  void start_queued();
  void begin(const LocalCommit& what);
  [[nodiscard]] std::vector<Conflict> conflicts(const LocalCommit& what) const;
  [[nodiscard]] Header make_header(const LocalCommit& what, Values& values) const;
  [[nodiscard]] std::vector<Dot> named_base(const LocalCommit::Item& item) const;
  void set_predecessors(Header& header) const;
  void join_parents();
  void launch(Flight flight);
  void new_incarnation();
  [[nodiscard]] base::Stamp make_stamp() const;
  void ship_staged(Flight& flight);
  void finish_own(Token token);
  void fail_own(const Flushed& why);
  void end_incarnation();
  void refuse(const LocalCommit& what, std::string reason);

  // answer.cpp
  void answer_due();
  [[nodiscard]] bool is_waited_for(const Link& to, Due& due);
  Answer answer_for(const Due& due);
  [[nodiscard]] bool holds(const base::MemberId& member, const Dot& dot) const;
  [[nodiscard]] std::string why_missing(const base::MemberId& member);

  // receive.cpp
  void on_ship(Link& link, const Ship& ship);
  void take(Link& link, const Ship::Item& item);
  [[nodiscard]] std::optional<bool> signed_by_author(const Held& one) const;
  void take_known(Link& link, Held& known, const Ship::Item& item);
  void take_new(Link& link, Held fresh, bool staged);
  [[nodiscard]] static bool is_vouched(const Link& from, const Header& header);
  void watch_own_chain(const Held& fresh);
  static bool has_values(const Held& one);
  static bool take_values(Held& one, const std::vector<std::string>& values);
  [[nodiscard]] std::string check_chain(const Held& one) const;
  [[nodiscard]] const base::VerifyKey* key_of(const base::Hash& admission, const base::MemberId& member) const;
  [[nodiscard]] base::Hash admission_of(const Held& one) const;
  [[nodiscard]] std::string check_signature(const Held& one) const;
  [[nodiscard]] std::string prove(Held& one) const;
  [[nodiscard]] bool signed_here(const Held& one) const;
  void refuse(const Held& one, const std::string& why);
  void note_admissions(const Header& header, const base::Hash& hash, const Values& values);

  // held.cpp
  /// The one of this hash if it is proved, or null.
  [[nodiscard]] const Held* proved(const base::Hash& hash) const;
  Held& hold(Held fresh);
  void forget_dot(const Held& one);
  [[nodiscard]] bool make_room(const Held& fresh);
  std::size_t evict(const Account& account);
  [[nodiscard]] bool begins_chain(const Held& one) const;
  [[nodiscard]] bool may_begin(const Held& one);
  [[nodiscard]] base::MemberId house_of(const base::MemberId& member) const;
  Pace& pace_of(const base::MemberId& member);
  [[nodiscard]] base::MemberId root_of(const base::MemberId& member) const;
  void try_deferred();
  [[nodiscard]] bool may_stage(const Held& one) const;
  void forget(const base::Hash& hash);
  void drop_staged(const ChainId& chain, std::uint64_t beyond);
  void free_orphans();
  void forget_waiting(LinkId from);
  void advance(Held& one);
  void need(Held& one, const base::Hash& seen);
  void advance_waiting(Held& one);
  void advance_staged(Held& one);
  void drop_unsound(const Held& one, const std::string& why);
  void persist_held(Held& one, bool staged);
  void flushed_held(Token token);
  void failed_held(Token token, const Flushed& why);
  void wake_waiters(const base::Hash& seen);
  void settle();
  bool know_durable(const base::Hash& tip, std::map<base::Hash, bool>& found);
  bool know_durable(const base::Hash& tip);
  void forget_unsound_twins(const Dot& dot);
  void learn(const base::MemberId& told_by, const Vector& vector);
  const Record& apply(Header header, const base::Hash& hash, const Values& values);
  void rename_for(const Header& header);
  void alert_fork(const Record& record, const Record& rival);
  void apply_held(const base::Hash& hash);
  void relay(const Record& record, const Held& one);

  // sync.cpp
  void push(Link& link);
  void pull(Link& link);
  void summarize(Link& link);
  void replace_known(Link& link, const Vector& vector);
  void compare(Link& link, const Vector& vector);
  void look_at_vectors(Link& link);
  void on_ack(Link& link, const Ack& ack);
  [[nodiscard]] std::uint64_t reach(const Link& link, const ChainId& chain) const;
  void check_soon();
  void check_others();
  [[nodiscard]] std::vector<Link*> unequal_links();

  // impossible.cpp
  class Sight;
  [[nodiscard]] bool knew_of_removal(const Header& header, Sight& sight) const;
  [[nodiscard]] bool admits_again(const Header& header, Sight& sight) const;
  [[nodiscard]] std::string why_impossible(const Header& header) const;

  // lost.cpp
  void ask_for_lost(const Link& to);
  void take_lost(const Record& record, const std::vector<std::string>& values);

  // stored.cpp
  [[nodiscard]] std::optional<Tip> base_of_staged(const Held& one, LinkId by,
                                                  std::map<base::Hash, std::optional<Tip>>& found) const;
  [[nodiscard]] std::optional<Tip> past_staged(Tip tip, base::Incarnation as_signed, LinkId by,
                                               std::set<base::Hash>& passed) const;
  [[nodiscard]] Vector stored_tips(const std::set<base::Hash>& told, LinkId by) const;
  void send_acks();
  void merge_stored(const base::MemberId& member, const Vector& vector);
  void forget_stored(const base::MemberId& member);
  [[nodiscard]] Dot dot_of(const Flight& flight) const;
  void note_stored(const Link& from, const Tip& tip);
  [[nodiscard]] bool outdated(const Link& from, const Dot& dot) const;

  // hello.cpp
  Hello make_hello() const;
  void on_hello(Link& link, const Hello& hello);
  [[nodiscard]] std::string why_refuse(const Link& link, const Hello& hello) const;
  bool accept_nonce(Link& link, std::uint64_t boot_nonce);
  void drop_unsaid(const base::MemberId& author, const Vector& said_durable);
  void go_live(Link& link, const Hello& hello);
  void leave(Link& link);
  void leave_dead();
  void leave_done(Link& link);
  void watch_skew(Link& link, std::int64_t wall_ms);

  // links.cpp
  Link* link(LinkId id);
  Link* live_link(const base::MemberId& member);
  [[nodiscard]] const Link* live_link(const base::MemberId& member) const;
  std::vector<Link*> live_links();
  void close(LinkId id);
  void link_gone(const base::MemberId& member);
  void ping(Link& link);
  void on_ping(Link& link, const Ping& ping);
  void ping_timers(Link& link);
  void tell_link_state();
  void on_link_state(Link& link, const LinkState& state);
  void on_applied(Link& link, const Applied& applied);
  void forward(const base::MemberId& origin, const Link& from, const Message& message);
  void watch_members();

  // asks.cpp
  [[nodiscard]] Link* way_to(const base::MemberId& to, const std::set<base::MemberId>& except);
  [[nodiscard]] std::uint64_t nonce_of(const base::MemberId& member);
  void ask(Asking one, std::uint64_t to_nonce);
  [[nodiscard]] bool send_ask(Asking& one);
  void sign_relay(Relay& what) const;
  [[nodiscard]] bool is_true(const Relay& what);
  void on_relay(Link& from, const Relay& what);
  void carry(Link& from, Relay what);
  void on_asked(Link& from, const Relay& what);
  void on_told(const Link& from, const Relay& what);
  void send_answer(Relay answer, Relay::Verdict verdict, std::string body, LinkId came);
  std::map<AskId, Serving>::iterator drop_serving(std::map<AskId, Serving>::iterator at);
  void told(AskId id, base::Result<std::string> answer);
  void ask_timers();
  [[nodiscard]] std::int64_t ask_wake() const;
  void tell_neighbours_states(const Link& to);
  void forget_askers();

  // info.cpp
  void as_told(Progress& one, const base::MemberId& by);

  Self self;
  Tuning tuning;
  std::uint64_t boot_nonce = 0;

  History history;
  StateBuilder builder{history};
  std::map<base::MemberId, base::VerifyKey> keys;           ///< from their identities, which cannot change
  std::map<base::MemberId, std::set<base::Hash>> admitted;  ///< by which commits, proved ones
  std::map<base::MemberId, base::Hash> admissions;          ///< the first applied one
  std::vector<Unproved> not_proved;                         ///< at the restore
  Fleet fleet_value;
  bool fleet_stale = true;
  Counters counters;

  base::Incarnation incarnation = 0;
  bool incarnation_ended = false;
  std::uint64_t incarnations_made = 0;
  bool authored = false;     ///< the start wait is over
  bool values_lost = false;  ///< heads here have values that the disk does not
  std::int64_t lost_again_at = 0;
  std::int64_t started_at = 0;
  std::int64_t clock_offset_ms = 0;
  std::deque<LocalCommit> queue;
  std::deque<Flight> flights;
  std::set<base::Hash> seen_by_flights;  ///< maximal commits that the newest flight has seen
  std::vector<Due> dues;

  std::map<base::Hash, Held> held;
  std::multimap<Dot, base::Hash> held_dots;    ///< dots as in the headers
  Shares shares;                               ///< of the room for `held`
  std::size_t staged_bytes = 0;                ///< of those that cannot give way
  std::map<base::MemberId, Pace> paces;        ///< of a member's own new chains
  std::map<base::MemberId, Pace> guest_paces;  ///< of those of all whom it admitted, by house
  std::optional<Pace> vouched;                 ///< of new chains that are wanted, whoever begins them
  /// Members that were admitted while this process runs, and who answers for them: whoever admitted them.
  std::map<base::MemberId, base::MemberId> houses;
  std::map<base::MemberId, base::MemberId> roots;  ///< of those: which of its house's own guests it comes from
  std::set<base::Hash> deferred;                   ///< held: they begin chains too fast
  std::int64_t deferred_at = 0;
  std::set<std::pair<base::Hash, base::Hash>> waiters;  ///< missing commit, and who waits for it
  /// What authors said last of their own incarnations, the newest few.
  std::map<base::MemberId, std::deque<std::pair<base::Incarnation, base::Hash>>> durable;
  std::map<Token, std::vector<base::Hash>> persisting;
  std::map<Token, Persist> unflushed;  ///< promotes and drops, asked again when the flush fails
  Token last_token = 0;

  std::map<LinkId, Link> links;
  std::map<base::MemberId, Other> others;
  std::uint64_t link_state_version = 0;
  std::vector<std::string> joining;
  Vector covers;
  std::string problem;
  Vector tried;  ///< what the problem is about
  std::int64_t dirty_since = 0;
  std::int64_t check_at = 0;
  int check_tries = 0;
  std::set<Dot> forks_alerted;
  std::uint64_t asks_made = 0;
  std::map<std::uint64_t, Asking> asking;  ///< by number
  AskId asks_taken = 0;
  std::map<AskId, Serving> serving;
  std::map<base::MemberId, Asker> askers;  ///< members only

  // Of the step under way.
  base::Instant now;
  Effects out;
  std::set<Register> changed;
  std::deque<base::Hash> arrived;     ///< applied or being persisted: wake who waits for them
  std::deque<base::Hash> to_advance;  ///< held commits to look at again
  bool deaths = false;
  std::set<LinkId> to_close;                    ///< too much from them did not check
  std::map<LinkId, std::set<base::Hash>> acks;  ///< who is told that these are on the disk
  std::map<std::pair<std::string, base::MemberId>, AlertPace> alert_paces;
  std::vector<Alert> alerts_later;  ///< found between steps
};

}  // namespace postern::cluster
