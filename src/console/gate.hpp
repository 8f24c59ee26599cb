// Who is it, and may they? Sessions in a cookie, tokens in Authorization, and the proof that a
// change was asked for by our own page.
#pragma once

#include <optional>
#include <string>

#include "console/call.hpp"
#include "console/desk.hpp"

namespace causeway::console {

// Nobody when neither a valid session nor a valid token is there. An error only when the store does
// not answer.
Parsed<Caller> identify(Desk& desk, const net::HttpRequest& request);

// Nothing when the call may go on; else the answer: 401, 403, or 403 for a missing page proof.
std::optional<net::HttpReply> refusal(const Call& call, Role least);

// Opens a session and returns the value of Set-Cookie for it.
struct OpenedSession {
  std::string cookie;
  std::string proof;
};
Parsed<OpenedSession> open_session(Desk& desk, const net::HttpRequest& request,
                                   const std::string& account);
std::string ended_cookie(const Desk& desk, const net::HttpRequest& request);

void record_audit(Desk& desk, const Call& call, std::string action, std::string subject,
                  std::string detail = {});

}  // namespace causeway::console
