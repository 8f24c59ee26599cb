#include "reach/dns_control.hpp"

#include <array>
#include <memory>
#include <string>

#include "codec/dns_name.hpp"
#include "net/group.hpp"
#include "reach/dns_record.hpp"

namespace causeway::reach {
namespace {

// Asked while the name is waited for: both end together.
constexpr Duration kWait = limits::kDnsWait - limits::kDnsPatience;

struct ControlQuestion {
  std::string name;
  codec::DnsType type = codec::DnsType::ns;
  bool own_head = false;  // a resolver answers it without asking anybody
};

net::Task<void> ask_one(Survey& survey, Endpoint server, ControlQuestion question, Instant deadline,
                        std::shared_ptr<DnsControl> out, net::Event* alive) {
  DnsQuestionAsked asked{.role = "control",
                         .server = server,
                         .server_name = {},
                         .query = resolver_query(question.name, question.type)};
  const net::DnsReply reply = co_await ask_and_record(survey, std::move(asked), deadline, kWait);
  const bool said_something = reply.outcome == net::DnsOutcome::answered ||
                              reply.outcome == net::DnsOutcome::malformed ||
                              reply.outcome == net::DnsOutcome::tcp_failed;
  out->alive = out->alive || said_something;
  if (out->alive && alive != nullptr) alive->set();
  const bool knows = reply.outcome == net::DnsOutcome::answered &&
                     (reply.message->rcode == codec::rcode::kNoError ||
                      reply.message->rcode == codec::rcode::kNxDomain);
  out->world = out->world || (knows && !question.own_head);
}

}  // namespace

net::Task<DnsControl> ask_control(Survey& survey, Endpoint server, Instant deadline,
                                  net::Event* alive) {
  const auto name = codec::dns_name(survey.request.target.host);
  const std::string parent = name ? codec::dns_parent(*name) : ".";
  std::vector<ControlQuestion> questions{{"localhost", codec::DnsType::a, true},
                                         {".", codec::DnsType::ns, false}};
  if (parent != ".") questions.push_back({parent, codec::DnsType::ns, false});
  const auto out = std::make_shared<DnsControl>();
  net::Group asking;
  for (auto& question : questions) {
    asking.start(ask_one(survey, server, std::move(question), deadline, out, alive));
  }
  co_await asking.finished();
  co_return *out;
}

}  // namespace causeway::reach
