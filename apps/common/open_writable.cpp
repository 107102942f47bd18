// SPDX-License-Identifier: MIT
#include "apps/common/open_writable.h"

#include "libfs/base/names.h"
#include "libfs/io/in_use.h"

#include <fmt/format.h>

namespace btrkit::apps {

bool are_unused(const std::vector<std::string>& images, std::string_view consequence, Messages& messages) {
    bool all = true;
    for (const auto& image : images) {
        if (const auto why = why_in_use(image)) {
            messages.error(fmt::format("{}: {}; {}", printable(image), *why, consequence));
            all = false;
        }
    }
    return all;
}

std::vector<std::unique_ptr<WritableFile>> open_writable(const std::vector<std::string>& images, Messages& messages) {
    std::vector<std::unique_ptr<WritableFile>> files;
    for (const auto& image : images) {
        if (auto file = WritableFile::open(image)) {
            files.push_back(std::move(*file));
        } else {
            messages.error(file.error());
        }
    }
    return files;
}

} // namespace btrkit::apps
