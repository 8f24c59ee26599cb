// What an alert says: an incident in words, the same for every channel. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnosis.hpp"
#include "store/records.hpp"

namespace causeway::watch {

struct Message {
  std::string kind;      // opened | worse | reminder | escalated | recovered | test | digest
  std::string incident;  // id; empty for a test or a digest
  std::string severity;  // down | degraded | notice
  std::string title;     // one line: "shop is down: the connection is refused"
  std::string cause;     // id and title, "firewall.drop: A firewall drops the packets"
  std::string cause_id;
  std::string owner;                  // you | host | edge | network
  std::string sentence;               // the verdict's
  std::vector<std::string> evidence;  // sentences
  std::vector<std::string> fixes;     // "text", and its command on a line of its own
  std::vector<std::string> members;   // "shop (connect.refused)", at most kWatchMembersShown
  std::size_t members_all = 0;
  std::string failure;
  int code = 0;
  WallTime since;
  WallTime until;    // of recovered
  std::string link;  // empty without a console
  std::string late;  // "This message is 12 min late: ..." ; empty when it is not
  std::string team;  // of the first member
  std::vector<std::string> tags;
};

struct MessageFacts {
  store::Incident incident;
  std::vector<store::Member> members;
  std::vector<store::Target> targets;     // of the members
  std::optional<model::Verdict> verdict;  // of its diagnosis
  std::string console;                    // base of links
};

// What the incident alone tells: its title, cause, state and times.
Message headline_of(const store::Incident& incident, std::string kind);
Message message_of(const MessageFacts& facts, std::string kind);
// Several incidents that opened (a "digest") or ended ("recovered", without an incident) at once: a
// line for each of the first kWatchMembersShown.
Message digest_of(const std::vector<Message>& headlines);

// Plain text, lines at most as long as they come; for mail bodies, chats and commands.
std::string text_of(const Message& message);
// One line, without a stop: subjects and titles.
std::string subject_of(const Message& message);

}  // namespace causeway::watch
