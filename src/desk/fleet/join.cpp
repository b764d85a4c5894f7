#include "base/limits.h"
#include "desk/settings/commit.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

std::optional<base::Error> member_already(const State& state) {
  if (state.fleet().standalone()) return std::nullopt;
  return fail(ErrorCode::exists, fmt::format("This machine is a member of the cluster {} already. A "
                                             "machine is in one cluster only.",
                                             state.fleet().cluster_name));
}

void join_dial(State& state, Session&, const Call& call, Params& params) {
  const std::string address = params.text("address");
  const std::int64_t port = params.number("port", 1, 65535, 22);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (auto member = member_already(state)) return call.refuse(*member);
  if (address.empty() || address.size() > base::limits::host_name_bytes)
    return call.refuse(fail(ErrorCode::invalid, "address", "Enter the IP address or the host name of a machine in the cluster."));
  state.house.join_dial(address, static_cast<std::uint16_t>(port), [call](base::Result<JoinOffer> offer) {
    if (!offer) return call.refuse(offer.error());
    const State* asked = call.state();
    if (asked != nullptr && offer->fingerprint_sha256 == asked->house.host_fingerprints().sha256) {
      asked->house.join_cancel(offer->join);
      return call.refuse(fail(ErrorCode::invalid, "address",
                              "That is this machine itself: enter the address of a machine "
                              "that is in the cluster."));
    }
    call.answer(json::object{{"join", offer->join}, {"sha256", offer->fingerprint_sha256}, {"md5", offer->fingerprint_md5}});
  });
}

void tell_joined(const Call& call) {
  const State* joined = call.state();
  if (joined == nullptr) return;
  const cluster::Member* self = joined->fleet().member(joined->peer().self().member);
  const cluster::Group* group = self == nullptr ? nullptr : joined->fleet().group(self->group);
  call.answer(json::object{{"cluster", joined->fleet().cluster_name}, {"group", group == nullptr ? std::string() : group->name}});
}

void join_go(State& state, Session& session, const Call& call, Params& params) {
  JoinRequest request;
  request.session = session.id;
  request.join = static_cast<std::uint64_t>(params.number("join", 0, INT64_MAX, std::nullopt));
  request.passphrase = params.text("passphrase");
  request.enable_ccs = params.flag("ccs", false);
  request.ccs_port = static_cast<std::uint16_t>(params.number("ccs_port", 1, 65535, 2222));
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (auto member = member_already(state)) return call.refuse(*member);
  if (request.passphrase.empty())
    return call.refuse(fail(ErrorCode::unsupported,
                            "Joining with pre-shared keys is not in this version: "
                            "give the cluster's admin passphrase."));
  std::size_t pending = 0;
  for (const auto& [key, set] : state.pending) pending += set.edits.size();
  if (pending > 0)
    call.progress(fmt::format("{} pending change{} on this machine will be lost by joining.", pending, pending == 1 ? "" : "s"));
  state.house.join_go(
      std::move(request), [call](std::string line) { call.progress(std::move(line)); },
      [call](base::Result<void> joined) {
        if (!joined) return call.refuse(joined.error());
        tell_joined(call);
      });
}

void join_cancel(State& state, Session&, const Call& call, Params& params) {
  const auto join = static_cast<std::uint64_t>(params.number("join", 0, INT64_MAX, std::nullopt));
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  state.house.join_cancel(join);
  call.answer(json::object{});
}

void prejoin(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  json::array out;
  for (const auto& [name, text] : state.house.prejoin()) {
    const schema::Feature* feature = state.schema.feature(name);
    out.push_back(json::object{{"feature", name},
                               {"title", feature == nullptr ? name : feature->title},
                               {"data", data_of(std::make_shared<const std::string>(text))}});
  }
  call.answer(json::object{{"features", std::move(out)}});
}

}  // namespace

const std::vector<Method>& join_methods() {
  static const std::vector<Method> methods = {
      {"cluster.join_dial", join_dial},
      {"cluster.join_go", join_go},
      {"cluster.join_cancel", join_cancel},
      {"cluster.prejoin", prejoin},
  };
  return methods;
}

}  // namespace postern::desk
