// firewalld keeps a zone in a file of its own once it was changed for good, and leaves the file
// when the change is taken back.
#pragma once

#include <string>
#include <vector>

namespace causeway::guard {

struct ZoneFolders {
  std::string own = "/etc/firewalld/zones";
  std::string shipped = "/usr/lib/firewalld/zones";
};

// Those of these zones that have no file of their own yet, nor one that was set aside.
std::vector<std::string> without_file(const std::vector<std::string>& zones,
                                      const ZoneFolders& folders = {});
// Takes out files that say what the shipped ones say. One that somebody has changed stays.
void remove_as_shipped(const std::vector<std::string>& zones, const ZoneFolders& folders = {});

}  // namespace causeway::guard
