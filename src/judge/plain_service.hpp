// Words for a target that is no web site: a port, a certificate or a name, of which nothing says
// what serves it.
#pragma once

#include "judge/scene.hpp"
#include "model/diagnosis.hpp"

namespace causeway::judge {

// Takes out of the verdict what only fits a web server, when none was asked about.
void speak_of_service(model::Verdict& verdict, const Scene& scene);

}  // namespace causeway::judge
