// SPDX-License-Identifier: MIT
#include "apps/common/document.h"

#include "apps/common/version.h"

#include <fmt/format.h>

namespace btrkit::apps {

Json begin_document(const Document& document) {
    return {{"__header",
             {{"version", document.version},
              {"tool", fmt::format("{} {}", document.tool, version())},
              {"document", document.name}}}};
}

} // namespace btrkit::apps
