// tar (POSIX.1-1988 ustar) and zstd, without a time or a user of this machine inside.
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "model/json.hpp"
#include "net/digest.hpp"
#include "report/report.hpp"

namespace causeway::report {
namespace {

constexpr std::size_t kBlock = 512;
constexpr int kLevel = 9;

void put(std::string& header, std::size_t at, std::size_t width, std::string_view text) {
  const auto length = std::min(width, text.size());
  std::memcpy(header.data() + at, text.data(), length);
}

// Field offsets and widths: pax(1), "ustar Interchange Format".
std::string tar_entry(std::string_view name, std::string_view bytes, std::int64_t seconds) {
  std::string header(kBlock, '\0');
  put(header, 0, 100, name);
  put(header, 100, 8, "0000644");
  put(header, 108, 8, "0000000");
  put(header, 116, 8, "0000000");
  put(header, 124, 12, fmt::format("{:011o}", bytes.size()));
  put(header, 136, 12, fmt::format("{:011o}", std::max<std::int64_t>(0, seconds)));
  put(header, 148, 8, "        ");
  header[156] = '0';
  put(header, 257, 8,
      std::string_view{"ustar\0"
                       "00",
                       8});
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, 8, fmt::format("{:06o}", sum) + std::string{"\0 ", 2});
  std::string out = header;
  out += bytes;
  out.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  return out;
}

std::string file_name(std::string_view host) {
  std::string out;
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.';
    out += plain ? c : '-';
  }
  return out.substr(0, 60);
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  net::Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

std::string manifest(const std::vector<Attachment>& files) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& file : files)
    list.push_back(
        {{"name", file.name}, {"bytes", file.bytes.size()}, {"sha256", sha256_hex(file.bytes)}});
  return nlohmann::ordered_json{{"schema", "causeway.manifest/1"}, {"files", std::move(list)}}.dump(
             2) +
         "\n";
}

std::vector<Attachment> bundle_files(const Report& report, std::string_view page) {
  std::vector<Attachment> out{{"report.txt", as_text(report)},
                              {"report.html", std::string{page}},
                              {"report.json", as_json(report)},
                              {"diagnosis.json", model::to_json(report.diagnosis)}};
  for (const auto& each : report.attachments)
    out.push_back({"attachments/" + each.name, each.bytes});
  out.push_back({"manifest.json", manifest(out)});
  return out;
}

std::string as_bundle(const Report& report, std::string_view page) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(report.diagnosis.started.time_since_epoch())
          .count();
  const std::string folder =
      fmt::format("report-{}-{}/", file_name(report.diagnosis.target.host), report.id.substr(0, 8));
  std::string tar;
  for (const auto& file : bundle_files(report, page))
    tar += tar_entry(folder + file.name, file.bytes, seconds);
  tar.append(2 * kBlock, '\0');
  std::string out(ZSTD_compressBound(tar.size()), '\0');
  const auto size = ZSTD_compress(out.data(), out.size(), tar.data(), tar.size(), kLevel);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return out;
}

}  // namespace causeway::report
