// SPDX-License-Identifier: MIT
#include "apps/usage/page/map_svg.h"

namespace btrkit::apps {

std::string map_css() {
    return R"(
:root,svg{--page:#fbfbfa;--ink:#1c1e21;--dim:#62676e;--track:#e4e5e7;--data:#1668c7;--meta:#c9650a;--sys:#7b3fb5;--bad:#c8102e}
@media(prefers-color-scheme:dark){:root,svg{--page:#16181b;--ink:#e8eaed;--dim:#9aa0a8;--track:#2b2f35;--data:#5aa9ff;--meta:#ff9d45;--sys:#c08bff;--bad:#ff5468}}
.map text{fill:var(--ink);font-size:12px}
.map .h{font-size:15px;font-weight:600}.map .b{font-weight:600}
.map .at{fill:var(--dim);font-size:10px}.map .about{fill:var(--dim);display:none}.map .on{display:inline}
.map .d{fill:var(--data)}.map .m{fill:var(--meta)}.map .s{fill:var(--sys)}.map .free{fill:var(--track)}
.map .super{fill:var(--ink);stroke:var(--page);stroke-width:.6}
.map .bad{fill:none;stroke:var(--bad);stroke-width:2}
.map.fill rect{fill-opacity:var(--f,1)}.map.age rect{fill-opacity:var(--a,1)}.map.pieces rect{fill-opacity:var(--p,1)}
.map.fill .fill,.map.age .age,.map.pieces .pieces{display:inline}
.map rect:hover{stroke:var(--ink);stroke-width:1}
)";
}

} // namespace btrkit::apps
