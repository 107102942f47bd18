// SPDX-License-Identifier: MIT
#include "apps/extracting/troubles.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// One line for what is wrong with one path.
std::string trouble_text(const extract::Trouble& trouble, extract::Bad bad) {
    std::string text = fmt::format("{}: {}", trouble.path.empty() ? "/" : printable(trouble.path), trouble.what);
    if (trouble.bad_byte_count > 0) {
        text += fmt::format("; {} of it bad:", plural(trouble.bad_byte_count, "byte"));
        constexpr std::size_t most_shown = 4;
        for (std::size_t i = 0; i < std::min(most_shown, trouble.bad_bytes.size()); ++i) {
            text +=
                fmt::format("{} {}+{}", i == 0 ? "" : ",", trouble.bad_bytes[i].start, trouble.bad_bytes[i].length());
        }
        text += trouble.bad_bytes.size() > most_shown ? ", ..." : "";
    }
    if (trouble.is_left_out) {
        text += trouble.bad_byte_count > 0 ? "; left out (--bad zero takes the rest of it)" : "; left out";
    } else if (trouble.bad_byte_count > 0) {
        text += bad == extract::Bad::raw ? "; taken as they are" : "; zeros there";
    }
    return text;
}

} // namespace

void add_bad_option(CLI::App& app, extract::Bad& bad) {
    using extract::Bad;
    app.add_option("--bad", bad, "files with bad bytes: skip (default), zero those, or raw: as they are")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, Bad>{{"skip", Bad::skip}, {"zero", Bad::zero}, {"raw", Bad::raw}}))
        ->option_text("HOW");
}

void tell_troubles(const extract::Report& report, extract::Bad bad, std::string_view of_what, Messages& messages) {
    constexpr std::size_t most_told = 200;
    for (const auto& trouble : std::span(report.troubles).first(std::min(most_told, report.troubles.size()))) {
        messages.error(trouble_text(trouble, bad));
    }
    if (report.trouble_count > most_told) {
        messages.error(fmt::format("{}: {} more (btrkit-extract --format json lists the first {})", printable(of_what),
                                   report.trouble_count - most_told, extract::Report::most_troubles));
    }
}

} // namespace btrkit::apps
