// embed.mjs DIST OUT.cpp: the built pages as C++ (src/console/pages.hpp), each plain and gzipped.
// Fails when the first load is more than the budget.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD_MOST = 90 * 1024; // bytes of gzipped JavaScript
const [dist, out] = process.argv.slice(2);

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]);
}
function array(name, bytes) {
  return `constexpr unsigned char ${name}[] = {${[...bytes].join(',')}};\n`;
}

let arrays = '';
let rows = '';
let first = 0;
const index = readFileSync(join(dist, 'index.html'), 'utf8');
files(dist).sort().forEach((path, n) => {
  const name = relative(dist, path);
  const plain = readFileSync(path);
  const gzip = gzipSync(plain, { level: 9 });
  if (name.endsWith('.js') && index.includes(name)) first += gzip.length;
  arrays += array(`kPlain${n}`, plain) + array(`kGzip${n}`, gzip);
  rows += `    {"${name}", text(kPlain${n}), text(kGzip${n})},\n`;
});
if (first > FIRST_LOAD_MOST) {
  console.error(`web: ${first} bytes of JavaScript at the first load; at most ${FIRST_LOAD_MOST}`);
  process.exit(1);
}
console.error(`web: ${(first / 1024).toFixed(1)} kB of JavaScript (gzip) at the first load`);
writeFileSync(out, `#include "console/pages.hpp"

namespace causeway::console {
namespace {
${arrays}
template <std::size_t kSize>
std::string_view text(const unsigned char (&bytes)[kSize]) {
  return {reinterpret_cast<const char*>(bytes), kSize};
}
}  // namespace
std::span<const WebFile> web_files() {
  static const WebFile kFiles[] = {
${rows}  };
  return kFiles;
}
}  // namespace causeway::console
`);
