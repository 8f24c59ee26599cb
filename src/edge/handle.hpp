// One request from its head to its log line: where it belongs, which origins are tried in which
// order, and what the visitor is told when none of them answers.
#pragma once

#include "codec/http1_incoming.hpp"
#include "edge/problem.hpp"
#include "edge/reply.hpp"
#include "edge/scratch.hpp"
#include "net/task.hpp"

namespace causeway::edge {

class Worker;
class Http1Front;

// `scratch` holds the request. `tunnel`: where an upgrade can go on; null when it cannot.
net::Task<void> handle(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch,
                       Http1Front* tunnel);

// The same without the cache and without the end of the story.
net::Task<void> ask_origins(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch,
                            Http1Front* tunnel);
net::Task<void> answer_problem(Worker& worker, Reply& reply, const Visitor& visitor,
                               Scratch& scratch, const Problem& problem);

// A request that is not served at all.
net::Task<void> answer_refused(Worker& worker, Reply& reply, const Visitor& visitor,
                               Scratch& scratch, codec::RequestFault fault);
net::Task<void> answer_condition(Worker& worker, Reply& reply, const Visitor& visitor,
                                 Scratch& scratch, Condition condition);

}  // namespace causeway::edge
