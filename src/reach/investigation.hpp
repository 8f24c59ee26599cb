// One address, from its route to the end of its answer, as an edge would try it; and the second
// questions that its outcome, or its silence, makes worth asking.
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/diagnosis.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "reach/exchange.hpp"
#include "reach/questions.hpp"
#include "reach/redirects.hpp"
#include "reach/secure.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct Subject {
  Endpoint remote;
  bool tls = true;              // the edge speaks TLS to this endpoint
  model::StageRecord resolved;  // how the address was come by
  bool only_main = false;       // no second questions: the edge's own address, an old resolver
  std::vector<IpAddress> own;   // this machine's addresses of the same family
};

class Investigation {
 public:
  Investigation(Survey& survey, Subject subject);

  // Ends when the main question and every second question that was worth it have ended.
  net::Task<model::Attempt> run();

 private:
  struct Waits {
    Duration connect;
    Duration handshake;
    Duration first_byte;
  };

  struct Opened {  // a connection that is ready for a request
    std::unique_ptr<net::Stream> stream;
    ExchangeQuestion question;
  };

  bool begin_route();
  net::Task<Opened> open();
  net::Task<Opened> handshake(net::Fd socket);
  net::Task<Exchanged> fetch(Opened& opened);
  net::Task<void> reuse(Opened opened, Exchanged first);

  net::Task<bool> still_open(const net::Stream& stream, Duration pause);

  // A stage that is still pending after `patience` makes second questions worth asking; when it
  // ends well after all, they are dropped.
  net::Task<void> impatient(std::shared_ptr<net::Event> done, model::Stage stage,
                            Duration patience);
  void drop_impatient();
  void ask(const std::vector<Question>& questions);
  net::Task<void> answer(Question question);
  net::Task<void> answer_handshake(Question question);
  net::Task<void> answer_exchange(Question question);
  net::Task<void> try_side_ports();
  net::Task<void> try_side_port(Endpoint remote);
  net::Task<void> try_other_source();
  net::Task<void> try_burst();
  net::Task<void> try_redirects();
  net::Task<void> try_afterwards();
  net::Task<void> try_proxy_header();
  net::Task<Secured> secure_again(net::Fd socket, Endpoint remote, std::string_view variant);
  net::Task<void> exchange_again(net::Stream& stream, Endpoint remote, std::string_view variant,
                                 const net::TlsResult* secured);
  net::Task<net::Fd> connect_again(std::string_view role, Endpoint remote, int mss = 0);

  Standing standing(model::Stage stage) const;
  void stage_ended(model::Stage stage, std::optional<model::FailureId> failure, Duration elapsed,
                   std::string because);
  void skip_stage(model::Stage stage, std::string because);
  void skip_after(model::Stage stage);

  Survey& survey_;
  Subject subject_;
  Waits waits_;
  model::Attempt attempt_;
  std::bitset<static_cast<std::size_t>(Question::count)> asked_;
  net::Group side_;
  Redirection redirection_;
  std::string page_;
};

}  // namespace causeway::reach
