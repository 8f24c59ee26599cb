// `causeway report`: a bundle for the hosting provider, from a live diagnosis or from saved
// documents.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/command.hpp"
#include "app/diagnose.hpp"
#include "app/explain_logs.hpp"
#include "app/phrases.hpp"
#include "app/progress.hpp"
#include "app/read_file.hpp"
#include "app/report_incident.hpp"
#include "app/report_making.hpp"
#include "app/report_page.hpp"
#include "app/screen.hpp"
#include "base/scratch_folder.hpp"
#include "base/text.hpp"
#include "inspect/run_program.hpp"
#include "judge/judge.hpp"
#include "model/code.hpp"
#include "model/json.hpp"
#include "report/redact.hpp"
#include "report/report.hpp"

namespace causeway::app {
namespace {

constexpr auto kPrintWait = std::chrono::seconds{60};  // a cold browser on a slow machine
constexpr std::size_t kAttachmentBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kAttachments = 16;
constexpr std::size_t kPathBytes = std::size_t{64} * 1024;
constexpr std::size_t kRulesBytes = std::size_t{1024} * 1024;
constexpr std::size_t kSampleShown = 3;  // of a hidden value, in the preview

struct Flags {
  std::vector<std::string> inputs;
  std::vector<std::string> attach;
  std::string format;
  std::string output;
  std::string redact = "mail,user,network";
  std::string rules;
  std::string map;
  std::string to;
  std::string zone;
  std::string store;
  std::string path_back;
  bool preview = false;
  bool no_color = false;
};

bool is_document(const std::string& input) {
  return input == "-" || ::access(input.c_str(), F_OK) == 0;
}

Parsed<ReportInput> read_input(const std::string& path) {
  auto text = read_file(path == "-" ? "/dev/stdin" : path, limits::kDocumentBytes);
  if (!text) return std::unexpected(text.error());
  return report_input(path == "-" ? "standard input" : path, std::move(*text));
}

// The documents as they were saved, after `inputs`.
Parsed<model::Diagnosis> from_documents(const std::vector<std::string>& paths,
                                        std::vector<ReportInput> inputs = {}) {
  for (const auto& path : paths) {
    auto input = read_input(path);
    if (!input) return std::unexpected(input.error());
    inputs.push_back(std::move(*input));
  }
  return joined_diagnosis(std::move(inputs));
}

Parsed<model::Diagnosis> live(const std::string& url, const std::vector<std::string>& documents) {
  DiagnoseFlags flags;
  flags.target = url;
  flags.with = documents;
  const auto plan = understand(flags);
  if (!plan) return std::unexpected(plan.error());
  for (const auto& warning : plan->warnings) fmt::print(stderr, "causeway: {}\n", warning);
  Progress progress{stderr_is_terminal()};
  auto out = run_diagnosis(*plan, [&](const auto& seen) { progress.saw(seen); });
  progress.clear();
  return out;
}

// An incident's own papers go into `papers`.
Parsed<model::Diagnosis> diagnosis_for(const Flags& flags, IncidentPapers& papers) {
  std::vector<std::string> documents;
  std::vector<ReportInput> kept;
  std::string url;
  for (const auto& input : flags.inputs) {
    if (is_document(input)) {
      documents.push_back(input);
    } else if (!flags.store.empty()) {
      if (!kept.empty()) return error("--store: one incident at a time");
      auto found = read_incident(flags.store, input);
      if (!found) return std::unexpected(found.error());
      papers = std::move(*found);
      auto parsed = report_input("incident " + papers.id, papers.diagnosis);
      if (!parsed) return std::unexpected(parsed.error());
      kept.push_back(std::move(*parsed));
    } else if (!url.empty()) {
      return error(
          fmt::format("'{}' is no file, and a URL was given already", printable(input, 100)));
    } else if (input.ends_with(".json")) {
      return error(fmt::format("there is no file '{}'", printable(input, 100)));
    } else {
      url = input;
    }
  }
  return url.empty() ? from_documents(documents, std::move(kept)) : live(url, documents);
}

std::string sample(std::string_view value) {
  return fmt::format("{}... ({} characters)",
                     printable(value.substr(0, std::min(kSampleShown, value.size() / 3)), 12),
                     value.size());
}

std::string preview(const std::vector<report::Found>& found, const Screen& screen) {
  if (found.empty()) return "Nothing in it would be hidden.\n";
  std::string out = fmt::format("{} values would be hidden:\n", found.size());
  for (const auto& each : found) {
    out += fmt::format("  {}  {}  {} x, first in {}\n",
                       screen.paint(Tone::accent, padded(each.label, 12)),
                       padded(sample(each.value), 28), each.count, each.where);
  }
  out += "The rest is sent as it is: read it with --format text before you send it.\n";
  return out;
}

bool write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return false;
  bool good = true;
  while (good && !bytes.empty()) {
    const auto wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    good = wrote > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ::close(fd) == 0 && good;
}

std::string base_name(const std::string& path) {
  std::string out = path.substr(path.rfind('/') + 1);
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain) c = '-';
  }
  return out.substr(0, 60);
}

Parsed<std::vector<report::Attachment>> attachments(const Flags& flags,
                                                    const IncidentPapers& papers,
                                                    report::Redactor& redactor) {
  std::vector<report::Attachment> out;
  out.reserve(papers.files.size() + flags.attach.size());
  for (const auto& file : papers.files)
    out.push_back({file.name, redactor.text(file.bytes, file.name)});
  if (flags.attach.size() > kAttachments)
    return error(fmt::format("at most {} files can be attached", kAttachments));
  for (const auto& path : flags.attach) {
    auto text = read_file(path, kAttachmentBytes);
    if (!text) return std::unexpected(text.error());
    if (text->contains('\0'))
      return error(fmt::format(
          "'{}' is not text, and what is in it could not be hidden; attach it by hand", path));
    std::string name = base_name(path);
    while (std::ranges::find(out, name, &report::Attachment::name) != out.end())
      name.insert(0, "again-");
    out.push_back({std::move(name), redactor.text(*text, path)});
  }
  return out;
}

std::string format_of(const Flags& flags) {
  if (!flags.format.empty()) return flags.format;
  for (const auto& [suffix, format] : {std::pair{".tar.zst", "bundle"},
                                       {".html", "html"},
                                       {".json", "json"},
                                       {".eml", "eml"},
                                       {".pdf", "pdf"}}) {
    if (flags.output.ends_with(suffix)) return format;
  }
  return "text";
}

std::optional<std::string> browser() {
  for (const auto* path :
       {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return std::nullopt;
}

// The page is our own and has no script: without its sandbox only where root runs it.
Parsed<bool> write_pdf(const std::string& page, const std::string& output) {
  const auto chromium = browser();
  if (!chromium)
    return error(
        "a PDF needs chromium (apt install chromium); --format html can be printed by any browser");
  ScratchFolder scratch;
  const auto folder = scratch.make();
  if (!folder) return std::unexpected(folder.error());
  const std::string html = *folder + "/report.html";
  if (!write_file(html, page, 0600)) return error(fmt::format("cannot write '{}'", html));
  inspect::Program print{
      .words = {*chromium, "--headless", "--disable-gpu", "--no-pdf-header-footer",
                fmt::format("--user-data-dir={}/profile", *folder),
                fmt::format("--print-to-pdf={}", output)},
      .wait = kPrintWait};
  if (::geteuid() == 0) print.words.emplace_back("--no-sandbox");
  print.words.push_back("file://" + html);
  const auto ran = inspect::run_program(print);
  if (!ran.good() || ::access(output.c_str(), F_OK) != 0)
    return error(fmt::format("could not print '{}': {}", output, ran.problem("chromium")));
  return true;
}

Parsed<bool> deliver(const report::Report& report, const Flags& flags) {
  const auto format = format_of(flags);
  const auto page = report_page(report);
  std::string bytes;
  if (format == "text") bytes = report::as_text(report);
  if (format == "html") bytes = page;
  if (format == "json") bytes = report::as_json(report);
  if (format == "eml") bytes = report::as_mail(report, flags.to, page);
  if (format == "bundle") bytes = report::as_bundle(report, page);
  if (format == "pdf") {
    if (flags.output.empty()) return error("--format pdf needs -o FILE");
    return write_pdf(page, flags.output);
  }
  if (flags.output.empty()) {
    if (format == "bundle" && ::isatty(STDOUT_FILENO) != 0)
      return error("a bundle is no text; give -o report.tar.zst");
    print(bytes);
    return true;
  }
  if (!write_file(flags.output, bytes, 0644))
    return error(fmt::format("cannot write '{}': {}", flags.output, std::strerror(errno)));
  return true;
}

Parsed<report::Rules> rules_of(const Flags& flags) {
  report::Rules out;
  auto kinds = report::hidden_kinds(flags.redact);
  if (!kinds) return std::unexpected(kinds.error());
  out.kinds = std::move(*kinds);
  if (flags.rules.empty()) return out;
  const auto text = read_file(flags.rules, kRulesBytes);
  if (!text) return std::unexpected(text.error());
  const auto done = report::read_rules(*text, flags.rules, out);
  if (!done) return std::unexpected(done.error());
  return out;
}

std::string decode_map(const std::vector<report::Found>& found) {
  std::string out = "# What the labels of the report stand for. Keep it to yourself.\n";
  for (const auto& each : found)
    out += fmt::format("{}\t{}\n", each.label, printable(each.value, 4096));
  return out;
}

// A report is written over nothing that it is made from.
Parsed<bool> check_output(const Flags& flags) {
  if (flags.output.empty()) return true;
  std::vector<std::string> read = flags.inputs;
  read.insert(read.end(), flags.attach.begin(), flags.attach.end());
  for (const auto& one : {flags.rules, flags.map, flags.path_back}) read.push_back(one);
  for (const auto& path : read) {
    std::error_code absent;
    if (std::filesystem::equivalent(path, flags.output, absent) || path == flags.output) {
      return error(fmt::format("-o: '{}' is what the report is made from; name another file",
                               printable(flags.output, 80)));
    }
  }
  return true;
}

Parsed<int> make_report(const Flags& flags) {
  if (auto good = check_output(flags); !good) return std::unexpected(good.error());
  auto rules = rules_of(flags);
  if (!rules) return std::unexpected(rules.error());
  IncidentPapers papers;
  const auto diagnosis = diagnosis_for(flags, papers);
  if (!diagnosis) return std::unexpected(diagnosis.error());
  report::Context context;
  context.incident = papers.facts;
  context.zone_minutes = local_zone(diagnosis->started);
  if (!flags.zone.empty()) {
    const auto zone = parse_zone(flags.zone);
    if (!zone) return std::unexpected(zone.error());
    context.zone_minutes = *zone;
  }
  context.code_title = model::code_title(diagnosis->verdict.code);
  report::Redactor redactor{std::move(*rules)};
  keep_subjects(redactor, *diagnosis);
  auto redacted = redactor.diagnosis(*diagnosis);
  auto files = attachments(flags, papers, redactor);
  if (!files) return std::unexpected(files.error());
  if (!flags.path_back.empty()) {
    auto table = read_file(flags.path_back, kPathBytes);
    if (!table) return std::unexpected(table.error());
    for (char& c : *table) c = c != '\n' && static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    context.measured_back = redactor.text(trim(*table), flags.path_back);
  }
  context.attachments = std::move(*files);
  context.hidden = hidden_counts(redactor.found());
  if (flags.preview) {
    print(preview(redactor.found(), screen_of_stdout(flags.no_color)));
    return kFine;
  }
  const auto report = report::build(std::move(redacted), std::move(context));
  const auto done = deliver(report, flags);
  if (!done) return std::unexpected(done.error());
  // 0600: it undoes what the report hides.
  if (!flags.map.empty() && !write_file(flags.map, decode_map(redactor.found()), 0600))
    return error(fmt::format("cannot write '{}': {}", flags.map, std::strerror(errno)));
  if (!flags.output.empty()) {
    fmt::print(stderr, "wrote {}, {} values hidden{}\n", flags.output, redactor.found().size(),
               redactor.found().empty() ? "" : " (--preview lists them)");
  }
  return exit_code(diagnosis->verdict);
}

constexpr const char* kExamples = R"(Examples:
  causeway report https://shop.example.com/
      diagnoses now; text to paste into the host's ticket form
  causeway diagnose shop.example.com --format json > now.json
  causeway report now.json facts.json -o report.tar.zst
      from saved documents: text, page, JSON, manifest with SHA-256
  causeway report now.json -o report.eml --to support@host.example
      a mail draft; also .html, .json and (with chromium) .pdf
  causeway report --store /var/lib/causeway/watch.db latest -o report.tar.zst
      the newest incident of a watch, with its timeline
  causeway report now.json --path-back mtr.txt
      with what 'mtr -rwzbc 50 --tcp --port 443 EDGE' said on the server
  causeway report now.json --attach /var/log/nginx/error.log --preview
      what would be hidden
  causeway report now.json --redact mail,user,network,address,name --rules hide.txt

A rules file has one rule a line: hide TEXT, hide-after TEXT, keep TEXT.
Exit codes: those of the diagnosis: 0 fine, 1 a problem is proved, 2 wrong use, 3 could not tell.)";

}  // namespace

Command add_report(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand(
      "report",
      "A report the hosting provider can act on: proof, what was ruled out, the question");
  app->footer(kExamples);
  app->add_option("input", flags->inputs,
                  "a URL to diagnose now, saved documents (causeway.diagnosis/1, "
                  "causeway.facts/1), or, with "
                  "--store, an incident: its id, the beginning of it, or 'latest'")
      ->option_text("URL|DOCUMENT.json...|INCIDENT")
      ->required();
  app->add_option("--format", flags->format,
                  "text, html, json, eml, bundle or pdf (default: by the name of -o, else text)")
      ->option_text("text|html|json|eml|bundle|pdf")
      ->check(CLI::IsMember({"text", "html", "json", "eml", "bundle", "pdf"}));
  app->add_option("-o,--output", flags->output, "file to write (default: standard output)")
      ->option_text("FILE");
  app->add_option("--attach", flags->attach, "a text file to add, secrets hidden (may be repeated)")
      ->option_text("FILE")
      ->allow_extra_args(false);
  app->add_option("--store", flags->store, "where a watch keeps its incidents")
      ->option_text("FILE|postgresql://...");
  app->add_option("--path-back", flags->path_back,
                  "a trace made on the server towards the edge (mtr -r, traceroute, tracepath)")
      ->option_text("FILE");
  app->add_option("--redact", flags->redact,
                  "what is hidden besides secrets: mail,user,network,address,name or none")
      ->option_text("KIND,...");
  app->add_option("--rules", flags->rules, "a file with rules of your own")->option_text("FILE");
  app->add_option("--map", flags->map, "write here what each label stands for, for yourself")
      ->option_text("FILE");
  app->add_option("--to", flags->to, "address of the mail draft")->option_text("ADDRESS");
  app->add_option("--zone", flags->zone, "zone of the local times (default: this machine's)")
      ->option_text("+02:00");
  app->add_flag("--preview", flags->preview, "write nothing; show what would be hidden");
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  return {app, [flags] {
            const auto done = make_report(*flags);
            if (!done) return wrong_use("report", done.error().text);
            return *done;
          }};
}

}  // namespace causeway::app
