#include "commands/site.h"

namespace postern::commands {

void run_version(const Site& site, const Caller&, protocol::Params& parameters, const Answer& answer) {
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  answer(boost::json::object{{"host", site.host.name()}, {"serial", site.host.serial()}, {"version", site.host.version()}});
}

}  // namespace postern::commands
