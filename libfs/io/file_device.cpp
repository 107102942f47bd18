// SPDX-License-Identifier: MIT
#include "libfs/io/file_device.h"

#include <fcntl.h>

namespace btrkit {

Result<std::unique_ptr<BlockDevice>> FileDevice::open(const std::string& path) {
    BTRKIT_TRY_ASSIGN(auto file, HostFile::open(path, O_RDONLY));
    return std::unique_ptr<BlockDevice>(new FileDevice(std::move(file)));
}

Result<void> FileDevice::read(u64 offset, MutableBytes out) const {
    return file_.read_scattered(offset, std::span(&out, 1));
}

Result<void> FileDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    return file_.read_scattered(offset, outs);
}

} // namespace btrkit
