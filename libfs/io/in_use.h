// SPDX-License-Identifier: MIT
// Whether the host uses a device in ways that writing to it would destroy. There is no --force for this.
#pragma once

#include "libfs/io/image_place.h"

#include <optional>
#include <string>

namespace btrkit {

/// How the kernel counts block devices.
struct BlockNumber {
    unsigned major;
    unsigned minor;

    friend bool operator==(const BlockNumber&, const BlockNumber&) = default;
};

/// What uses path (a regular file or a block device), as the rest of a sentence: "is mounted at /mnt",
/// "is the backing file of /dev/loop3, which is mounted at /mnt", "is in use as swap", "is held by dm-0 (root)",
/// "has a partition sda1, which is mounted at /". nullopt where nothing is known to, also where path is not there.
/// Ask before opening it for writing: our own lock would count. root: where proc/ and sys/ are, for tests.
std::optional<std::string> why_in_use(const std::string& path, const std::string& root = "/");

/// The same of the file that an image lies in, all of it.
std::optional<std::string> why_in_use(const ImagePlace& place, const std::string& root = "/");

/// The same for a block device by its number, without the try to open it.
std::optional<std::string> why_in_use(BlockNumber number, const std::string& root = "/");

} // namespace btrkit
