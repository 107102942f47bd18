// SPDX-License-Identifier: MIT
#include "apps/common/open_writable.h"

#include "libfs/base/names.h"
#include "libfs/io/in_use.h"

#include <fmt/format.h>

namespace btrkit::apps {

bool are_unused(std::span<const ImagePlace> places, std::string_view consequence, Messages& messages) {
    bool all = true;
    for (const auto& place : places) {
        if (const auto why = why_in_use(place)) {
            messages.error(fmt::format("{}: {}; {}", printable(place.path), *why, consequence));
            all = false;
        }
    }
    return all;
}

std::vector<WritableImage> open_writable(std::span<const ImagePlace> places, Messages& messages) {
    std::vector<WritableImage> images;
    if (const auto both = find_overlap(places)) {
        messages.error(fmt::format("{}: given twice", printable(places[both->second].name)));
        return images;
    }
    ImageWriter writer;
    for (const auto& place : places) {
        if (auto image = writer.open(place)) {
            images.push_back(std::move(*image));
        } else {
            messages.error(image.error());
        }
    }
    return images;
}

} // namespace btrkit::apps
