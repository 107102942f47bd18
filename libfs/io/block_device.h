// SPDX-License-Identifier: MIT
// Where bytes come from. Nothing above this storey knows what a file is.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/base/error.h"

#include <string>
#include <string_view>

namespace btrkit {

/// A device that can be read at any offset, by several threads at once.
class BlockDevice {
public:
    virtual ~BlockDevice() = default;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;

    /// How users call it: the path that they gave.
    virtual const std::string& name() const = 0;
    virtual u64 size_bytes() const = 0;

    /// Fills all of out from offset. Fails with ErrorKind::io where the device ends or fails before that;
    /// out is then undefined.
    virtual Result<void> read(u64 offset, MutableBytes out) const = 0;

    /// Fills the buffers one behind the other from offset: one request where the device can.
    virtual Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const;

    /// Says that these bytes will be wanted soon. May do nothing; never fails.
    virtual void prefetch(u64 offset, u64 length_bytes) const;

protected:
    BlockDevice() = default;

    /// Fails with ErrorKind::io, "NAME: cannot DOING at offset N: beyond the end", where the device ends before
    /// offset + length_bytes.
    Result<void> check_range(std::string_view doing, u64 offset, u64 length_bytes) const;
};

} // namespace btrkit
