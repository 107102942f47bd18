// SPDX-License-Identifier: MIT
// Opens what tests have built. Only for storeys that have fs/ below them.
#pragma once

#include "libfs/fs/filesystem.h"
#include "tests/support/device_lists.h"
#include "tests/support/tiny_filesystem.h"

#include <stdexcept>

namespace btrkit::test {

struct OpenFilesystem {
    Filesystem filesystem;
    Problems problems;
};

inline OpenFilesystem open_filesystem(Devices devices) {
    Problems problems;
    auto filesystem = Filesystem::open(std::move(devices), {}, into(problems));
    if (!filesystem) {
        throw std::runtime_error(filesystem.error().message);
    }
    return {std::move(*filesystem), std::move(problems)};
}

inline OpenFilesystem open_filesystem(TinyFilesystem& tiny) {
    return open_filesystem(tiny.devices());
}

} // namespace btrkit::test
