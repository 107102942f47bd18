// SPDX-License-Identifier: MIT
// A regular file or a block device of the host, opened read-only.
#pragma once

#include "libfs/io/block_device.h"
#include "libfs/io/host_file.h"

#include <memory>

namespace btrkit {

class FileDevice final : public BlockDevice {
public:
    /// Fails with ErrorKind::io where path can't be opened, and with ErrorKind::usage where it is neither a
    /// regular file nor a block device.
    static Result<std::unique_ptr<BlockDevice>> open(const std::string& path);

    const std::string& name() const override { return file_.path(); }
    u64 size_bytes() const override { return file_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override;
    void prefetch(u64 offset, u64 length_bytes) const override { file_.prefetch(offset, length_bytes); }

private:
    explicit FileDevice(HostFile file) : file_(std::move(file)) {}

    HostFile file_;
};

} // namespace btrkit
