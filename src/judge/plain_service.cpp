#include "judge/plain_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace causeway::judge {
namespace {

// Whose advice is about web sites.
constexpr std::array<std::string_view, 10> kOfWeb{"nginx",     "apache",     "httpd", "caddy",
                                                  "litespeed", "cloudflare", "plesk", "php",
                                                  "curl ",     "web "};

bool of_web(std::string_view text, std::string_view command) {
  const std::string all = fmt::format("{} {} ", lower(text), lower(command));
  return std::ranges::any_of(kOfWeb, [&](std::string_view word) { return all.contains(word); });
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

class Speech {
 public:
  explicit Speech(const Scene& scene)
      : name_only_(scene.scheme() == "dns"), host_(scene.host()), port_(scene.port()) {}

  void say(std::string& text) const {
    replace(text, "The web server on ", fmt::format("What should listen on port {} of ", port_));
    replace(text, "The web server", fmt::format("What should listen on port {}", port_));
    replace(text, "web server", "program");
  }
  void say(std::vector<model::Reason>& reasons) const {
    for (auto& reason : reasons) say(reason.sentence);
  }

  void advise(model::RankedCause& cause) const {
    say(cause.title);
    say(cause.reasons);
    say(cause.counter_reasons);
    std::erase_if(cause.settles, [](const model::Step& step) {
      return of_web(step.text, step.command) || step.command.contains("causeway diagnose");
    });
    const bool had_fixes = !cause.fixes.empty();
    std::erase_if(cause.fixes,
                  [](const model::Fix& fix) { return of_web(fix.text, fix.command + fix.undo); });
    if (cause.fixes.empty() && had_fixes && !name_only_) {
      cause.fixes.push_back(
          {.text = fmt::format("Look at what should listen on port {} there: does it run, and on "
                               "which address?",
                               port_),
           .command = fmt::format("ss -ltnp sport = :{}", port_),
           .undo = {},
           .verify = {}});
    }
    for (auto& fix : cause.fixes) {
      if (fix.verify.empty() || fix.verify.contains("causeway diagnose")) fix.verify = verify();
    }
  }

 private:
  std::string verify() const {
    return name_only_ ? fmt::format("dig {}", host_) : fmt::format("nc -vz {} {}", host_, port_);
  }

  bool name_only_;
  std::string host_;
  int port_;
};

}  // namespace

void speak_of_service(model::Verdict& verdict, const Scene& scene) {
  const std::string scheme = scene.scheme();
  if (scheme == "http" || scheme == "https") return;
  const Speech speech{scene};
  speech.say(verdict.sentence);
  for (auto& cause : verdict.causes) speech.advise(cause);
  for (auto& one : verdict.ruled_out) speech.say(one.because);
  for (auto& note : verdict.notes) speech.say(note.sentence);
}

}  // namespace causeway::judge
