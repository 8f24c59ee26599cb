#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

// "http://127.0.0.1:9000/app" -> "127.0.0.1:9000"; "unix:/run/php.sock" -> "/run/php.sock"; a name
// stays. Empty for what is decided only when a request comes.
std::string bare_target(std::string_view text);

// The first certificate of a file; a line of the dump "certificates.txt", parts between tabs.
struct CertificateFile {
  std::string path;
  std::string subject;
  std::string not_after;    // RFC 3339
  std::string fingerprint;  // SHA-256, hexadecimal
  std::vector<std::string> names;
};
std::string write_certificate_file(const CertificateFile& file);
std::map<std::string, CertificateFile, std::less<>> read_certificate_files(std::string_view text);

}  // namespace causeway::inspect
