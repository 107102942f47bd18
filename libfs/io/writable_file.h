// SPDX-License-Identifier: MIT
// A regular file or a block device of the host, opened for writing and locked against other writers while it lives.
#pragma once

#include "libfs/io/host_file.h"
#include "libfs/io/writable_device.h"

#include <atomic>
#include <memory>

namespace btrkit {

/// Whether somebody uses the device in other ways (mounted, swap, ...) is for why_in_use() to say, before opening.
class WritableFile final : public WritableDevice {
public:
    /// What exists already. Fails with ErrorKind::usage where path is neither a regular file nor a block device, with
    /// ErrorKind::refused where another process has it open for writing as we do ("PATH: in use by another process";
    /// a lock that our callers hold is for us, see caller_lock.h), and with ErrorKind::io where it can't be opened.
    static Result<std::unique_ptr<WritableFile>> open(const std::string& path);

    /// A new regular file of that size, all hole. Fails with ErrorKind::usage where something is at path already;
    /// leaves nothing behind where it fails.
    static Result<std::unique_ptr<WritableFile>> create(const std::string& path, u64 size_bytes);

    /// Grows a regular file by a hole, or cuts it; ErrorKind::usage for block devices. Not while others read or write.
    Result<void> resize(u64 size_bytes);

    bool is_block_device() const { return file_.is_block_device(); }
    /// For what needs a descriptor of the host (signature.h); writes go through write().
    const HostFile& file() const { return file_; }

    const std::string& name() const override { return file_.path(); }
    u64 size_bytes() const override { return file_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override;
    void prefetch(u64 offset, u64 length_bytes) const override { file_.prefetch(offset, length_bytes); }

    Result<void> write(u64 offset, Bytes bytes) override;
    Result<void> discard(u64 offset, u64 length_bytes) override;
    Result<void> clone(int source, u64 source_offset, u64 length_bytes, u64 offset) override;
    void begin_flush(u64 offset, u64 length_bytes) override;
    /// Once it has failed it fails always.
    Result<void> flush() override;

private:
    explicit WritableFile(HostFile file) : file_(std::move(file)) {}

    HostFile file_;
    std::atomic<bool> flush_failed_ = false;
};

} // namespace btrkit
