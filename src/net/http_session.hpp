// One connection of HttpService: requests in order, each with its reply. Internal to
// net/http_service.cpp.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "codec/http1_request_reader.hpp"
#include "net/event.hpp"
#include "net/http_service.hpp"

namespace causeway::net {

// What the connections of a service share.
struct HttpHouse {
  struct Idle {
    const Fd* socket = nullptr;
  };

  // Counts a connection while it lives.
  class Place {
   public:
    explicit Place(HttpHouse& house) : house_(house) {
      ++house.counts.connections;
      ++house.counts.open;
    }
    ~Place() {
      --house_.counts.open;
      house_.room.set();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    HttpHouse& house_;
  };

  void end_longest_idle();
  void end_all_idle();

  HttpServiceCounts counts;
  std::list<Idle> idle;  // longest first
  Event room;            // a connection ended, or the service drains
  bool draining = false;
};

class HttpSession {
 public:
  HttpSession(HttpHouse& house, const HttpServiceOptions& options, const HttpHandler& handler,
              std::unique_ptr<Stream> stream, Endpoint peer);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  Task<void> run();

 private:
  class Body;
  enum class Next : std::uint8_t { request, end };

  Task<bool> read_request();  // false: nothing to answer
  Task<bool> read_more(Instant deadline);
  Task<bool> wait_for_first_byte();
  Task<Next> answer();
  Task<HttpReply> ask_handler(const HttpRequest& request);
  Task<void> run_handler(const HttpRequest& request, HttpReply& reply, Event& done);
  Task<Next> refuse(int status, std::string_view why);
  Task<bool> send(const HttpRequest& request, const HttpReply& reply, bool keep);
  Task<bool> write(std::string_view bytes);
  Task<void> linger();
  HttpRequest request() const;

  HttpHouse& house_;
  const HttpServiceOptions& options_;
  const HttpHandler& handler_;
  std::unique_ptr<Stream> stream_;
  Endpoint peer_;
  codec::RequestReader reader_;
  std::string input_;  // read and not yet taken
  std::string body_;
  bool late_ = false;  // the client did not send its request in time
};

}  // namespace causeway::net
