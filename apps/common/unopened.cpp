// SPDX-License-Identifier: MIT
#include "apps/common/unopened.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/io/partitions.h"
#include "libfs/io/signature.h"

#include <filesystem>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// "partition 2, at 1.00MiB, holds one: losetup --offset 1048576 ..."
std::string partitions_text(const std::string& image) {
    std::string text;
    const auto partitions = read_partitions(image);
    if (!partitions) {
        return text;
    }
    for (const auto& partition : *partitions) {
        if (partition.holds_btrfs) {
            text += fmt::format("; its partition {}, at {}, holds one: losetup --read-only --find --show --offset {} "
                                "--sizelimit {} {}",
                                partition.number, size_text(partition.offset), partition.offset, partition.length_bytes,
                                printable(image));
        }
    }
    return text;
}

std::string what_it_is(const std::string& image) {
    std::error_code error;
    if (std::filesystem::is_regular_file(image, error) && std::filesystem::file_size(image, error) == 0) {
        return "it is empty";
    }
    const auto signature = find_signature(image);
    if (!signature) {
        return {};
    }
    return *signature ? fmt::format("it has a {}{}", **signature, partitions_text(image))
                      : "nothing that is known stands in it";
}

} // namespace

void explain_unopened(std::span<const std::string> images, Messages& messages) {
    for (const auto& image : images) {
        if (const auto what = what_it_is(image); !what.empty()) {
            messages.note(fmt::format("{}: no btrfs: {}", printable(image), what));
        }
    }
}

} // namespace btrkit::apps
