#include "net/validator.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unbound.h>

#include <array>
#include <memory>
#include <optional>

#include "base/late_library.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace causeway::net {
namespace {

constexpr int kClassInternet = 1;

// What is called of libunbound, under its names without "ub_".
struct Unbound : LateLibrary {
  Unbound() : LateLibrary("libunbound.so.8", "libunbound8") {
    find("ub_ctx_add_ta_file", ctx_add_ta_file);
    find("ub_ctx_async", ctx_async);
    find("ub_ctx_create", ctx_create);
    find("ub_ctx_debugout", ctx_debugout);
    find("ub_ctx_delete", ctx_delete);
    find("ub_ctx_set_fwd", ctx_set_fwd);
    find("ub_ctx_set_option", ctx_set_option);
    find("ub_fd", fd);
    find("ub_process", process);
    find("ub_resolve_async", resolve_async);
    find("ub_resolve_free", resolve_free);
    find("ub_strerror", strerror);
  }
  decltype(&::ub_ctx_add_ta_file) ctx_add_ta_file = nullptr;
  decltype(&::ub_ctx_async) ctx_async = nullptr;
  decltype(&::ub_ctx_create) ctx_create = nullptr;
  decltype(&::ub_ctx_debugout) ctx_debugout = nullptr;
  decltype(&::ub_ctx_delete) ctx_delete = nullptr;
  decltype(&::ub_ctx_set_fwd) ctx_set_fwd = nullptr;
  decltype(&::ub_ctx_set_option) ctx_set_option = nullptr;
  decltype(&::ub_fd) fd = nullptr;
  decltype(&::ub_process) process = nullptr;
  decltype(&::ub_resolve_async) resolve_async = nullptr;
  decltype(&::ub_resolve_free) resolve_free = nullptr;
  decltype(&::ub_strerror) strerror = nullptr;
};

const Unbound& unbound() {
  static const Unbound library;
  return library;
}

struct ContextEnd {
  void operator()(ub_ctx* context) const { unbound().ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, ContextEnd>;

struct Done {
  bool done = false;
  Validated result;
};

void take_result(void* given, int error, ub_result* raw) {
  const std::unique_ptr<ub_result, decltype(&::ub_resolve_free)> result{raw,
                                                                        unbound().resolve_free};
  auto& out = *static_cast<Done*>(given);
  out.done = true;
  if (error != 0 || result == nullptr) {
    out.result.reason = unbound().strerror(error);
    return;
  }
  if (result->bogus != 0) {
    out.result.validity = Validity::bogus;
    const char* why = result->why_bogus;
    out.result.reason = printable(why == nullptr ? "" : why, limits::kTextKept);
    return;
  }
  if (result->secure != 0) {
    out.result.validity = Validity::secure;
    return;
  }
  const bool answered =
      result->rcode == codec::rcode::kNoError || result->rcode == codec::rcode::kNxDomain;
  if (answered) {
    out.result.validity = Validity::insecure;
  } else {
    out.result.reason = fmt::format("the resolver answers {}", codec::rcode_name(result->rcode));
  }
}

// A context that forwards to the resolvers; or why there is none.
std::optional<std::string> set_up(ub_ctx& context, const ValidateOptions& options) {
  constexpr std::array<std::array<const char*, 2>, 2> kOptions{{
      {"edns-buffer-size:", "1232"},
      {"do-not-query-localhost:", "no"},  // a resolver on loopback is common
  }};
  for (const auto& [option, value] : kOptions) {
    if (const int error = unbound().ctx_set_option(&context, option, value)) {
      return fmt::format("{} {}: {}", option, value, unbound().strerror(error));
    }
  }
  unbound().ctx_debugout(&context, nullptr);
  for (const auto& resolver : options.resolvers) {
    const std::string where = fmt::format("{}@{}", resolver.address.text(), resolver.port);
    if (const int error = unbound().ctx_set_fwd(&context, where.c_str()))
      return unbound().strerror(error);
  }
  const int error = unbound().ctx_add_ta_file(&context, options.anchor_file.c_str());
  if (error != 0) return fmt::format("{}: {}", options.anchor_file, unbound().strerror(error));
  if (const int no_thread = unbound().ctx_async(&context, 1)) return unbound().strerror(no_thread);
  return std::nullopt;
}

}  // namespace

std::string_view name(Validity validity) {
  constexpr std::array<std::string_view, 4> kNames{"secure", "insecure", "bogus", "indeterminate"};
  return kNames.at(static_cast<std::size_t>(validity));
}

Task<Validated> validate_dnssec(ValidateOptions options) {
  Done done;
  if (!unbound()) {
    done.result.reason = unbound().why();
    co_return done.result;
  }
  const Context context{unbound().ctx_create()};
  if (!context) {
    done.result.reason = "libunbound cannot be set up: out of memory or random numbers";
    co_return done.result;
  }
  if (auto failed = set_up(*context, options)) {
    done.result.reason = std::move(*failed);
    co_return done.result;
  }
  int id = 0;
  const int started = unbound().resolve_async(context.get(), options.question.name.c_str(),
                                              static_cast<int>(options.question.type),
                                              kClassInternet, &done, &take_result, &id);
  if (started != 0) {  // files are read only now
    done.result.reason =
        fmt::format("{} (trust anchor {})", unbound().strerror(started), options.anchor_file);
    co_return done.result;
  }
  // The loop closes what it watches: it gets a descriptor of its own.
  const Fd ready{::fcntl(unbound().fd(context.get()), F_DUPFD_CLOEXEC, 0)};
  while (!done.done && co_await Loop::current().readable(ready, options.deadline)) {
    if (const int error = unbound().process(context.get())) {
      done.result.reason = unbound().strerror(error);
      co_return done.result;
    }
  }
  if (!done.done) done.result.reason = "validation did not end in time";
  co_return done.result;
}

}  // namespace causeway::net
