// SPDX-License-Identifier: MIT
#include "apps/usage/page/markup.h"

#include "libfs/base/names.h"

namespace btrkit::apps {

std::string markup_text(std::string_view bytes) {
    std::string text;
    for (const char c : printable(bytes)) {
        switch (c) {
        case '&': text += "&amp;"; break;
        case '<': text += "&lt;"; break;
        case '>': text += "&gt;"; break;
        case '"': text += "&quot;"; break;
        case '\'': text += "&#39;"; break;
        default: text += c;
        }
    }
    return text;
}

} // namespace btrkit::apps
