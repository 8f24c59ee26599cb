// The report as one printable page: no scripts, nothing loaded from elsewhere.
#pragma once

#include <string>

#include "report/report.hpp"

namespace causeway::app {

std::string report_page(const report::Report& report);

}  // namespace causeway::app
