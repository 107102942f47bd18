// SPDX-License-Identifier: MIT
// A device that can be written. Only verbs that were asked to write ever hold one.
#pragma once

#include "libfs/io/block_device.h"

namespace btrkit {

class WritableDevice : public BlockDevice {
public:
    /// Writes all bytes at offset, by several threads at once at places that don't overlap. Fails with ErrorKind::io,
    /// also where the device ends before offset + bytes.size(): it never grows.
    virtual Result<void> write(u64 offset, Bytes bytes) = 0;

    /// Gives the range back to the host where it can be done (a hole, a trim). What is read there afterwards is
    /// undefined: zeros in most cases, the old bytes where the host can't, which is no error.
    /// Fails with ErrorKind::io where the device ends before offset + length_bytes, or fails.
    virtual Result<void> discard(u64 offset, u64 length_bytes) = 0;

    /// Lets length_bytes from offset share the host's blocks with a file instead of copying from it. source: open for
    /// reading. Fails with unsupported where device and file don't lie on one host filesystem that can do it, or where
    /// the places are not multiples of its blocks.
    virtual Result<void> clone(int source, u64 source_offset, u64 length_bytes, u64 offset);

    /// The range was written and will not be again soon: the host may begin to bring it to storage, so that flush() has
    /// less to wait for. A hint: what it fails with, flush() tells.
    virtual void begin_flush(u64 offset, u64 length_bytes) {
        static_cast<void>(offset);
        static_cast<void>(length_bytes);
    }

    /// Everything that was written is on stable storage when this succeeds. A failure is final: what was written
    /// before is in an unknown state, and trying again proves nothing.
    virtual Result<void> flush() = 0;
};

} // namespace btrkit
