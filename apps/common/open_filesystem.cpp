// SPDX-License-Identifier: MIT
#include "apps/common/open_filesystem.h"

#include "apps/common/no_btrfs.h"
#include "apps/common/open_images.h"
#include "apps/common/sizes.h"
#include "apps/common/tell_devices.h"
#include "libfs/base/names.h"
#include "libfs/io/in_use.h"

#include <fmt/format.h>

namespace btrkit::apps {

void Damages::tell(const Problem& problem) {
    if (problem.severity() == Severity::note) {
        messages_.note(describe(problem));
    } else if (++count_ <= most_told) {
        messages_.warning(describe(problem));
    }
}

void Damages::finish() {
    if (count_ > most_told) {
        messages_.warning(fmt::format("{} more that could be read past; btrkit-scrub tells all",
                                      plural(count_ - most_told, "error")));
    }
}

std::optional<Filesystem> open_filesystem(std::span<const ImagePlace> places, const FilesystemOptions& options,
                                          std::string_view instead, const ProblemSink& damages, Messages& messages) {
    const u64 errors_before = messages.error_count();
    for (const auto& place : places) {
        if (const auto why = why_in_use(place)) {
            messages.error(fmt::format("{}: {}; {}", printable(place.path), *why, instead));
        }
    }
    if (messages.error_count() > errors_before) {
        return std::nullopt;
    }
    auto devices = open_images(places, messages);
    if (messages.error_count() > errors_before || is_no_btrfs(places, messages)) {
        return std::nullopt;
    }
    auto filesystem = Filesystem::open(std::move(devices), options, damages);
    if (!filesystem) {
        messages.error(filesystem.error());
        return std::nullopt;
    }
    tell_devices(*filesystem, messages);
    return std::move(*filesystem);
}

} // namespace btrkit::apps
