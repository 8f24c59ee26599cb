#include "watch/sessions.hpp"

#include <algorithm>

#include "watch/limits.hpp"

namespace causeway::watch {

std::shared_ptr<Session> Sessions::begin(const Target& target, const Endpoint& remote, Instant now,
                                         WallTime wall) {
  // tls://: the certificate is what the check is about.
  if (target.kind != CheckKind::http || target.resume == Duration::zero()) return nullptr;
  auto& sessions = of_target_[target.id];
  auto found = std::ranges::find_if(sessions, [&](const auto& one) {
    return one->remote == remote && one->host == target.host && one->ca_file == target.ca_file;
  });
  if (found == sessions.end()) {
    if (sessions.size() == limits::kWatchSessions) sessions.erase(sessions.begin());
    sessions.push_back(
        std::make_shared<Session>(Session{.remote = remote,
                                          .host = target.host,
                                          .ca_file = target.ca_file,
                                          .past = std::make_shared<net::TlsPast>()}));
    return sessions.back();
  }
  Session& session = **found;
  const auto* certificate = session.past->certificate();
  const bool valid =
      certificate != nullptr && certificate->not_before <= wall && wall < certificate->not_after;
  if (!valid || now - session.full_at >= target.resume) session.past->forget();
  return *found;
}

void Sessions::ended(Session& session, bool ok, bool resumed, Instant began, WallTime seen) {
  if (!ok) {
    session.past->forget();
    return;
  }
  if (resumed) return;
  session.full_at = began;
  session.full_at_wall = seen;
}

}  // namespace causeway::watch
