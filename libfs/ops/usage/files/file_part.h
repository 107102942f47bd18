// SPDX-License-Identifier: MIT
// What a stretch of tree says of one inode's data: stretches that follow each other make one.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/usage/files/data_kind.h"

#include <sys/stat.h>

namespace btrkit::usage {

struct FilePart {
    u64 inode = 0;
    u32 mode = 0;           ///< of its inode item; 0: that is not in this part
    bool has_data = false;  ///< on disk, in extents
    u64 file_offset = 0;    ///< of the first of its items with such data
    u64 start = 0;          ///< where that data begins on disk, by address
    u64 end = 0;            ///< where the data of the last of them ends
    u64 first_packed = 0;   ///< the compressed extent that the first of them refers to; 0: it is not compressed
    u64 last_packed = 0;    ///< likewise of the last
    u64 fragment_count = 0; ///< runs of data that lie behind each other on disk as in the file
    u64 data_bytes = 0;     ///< of the file
    u64 inline_count = 0;
    DataKind inline_kind = DataKind::none; ///< of the last of them: there is one at most
    u64 inline_disk_bytes = 0;
    u64 inline_ram_bytes = 0;

    bool is_file() const { return S_ISREG(mode); }

    /// A later part of the same inode.
    void append(const FilePart& later) {
        mode = mode == 0 ? later.mode : mode;
        if (later.has_data && has_data) {
            // Two parts of one compressed extent are had with one reading of it.
            const bool goes_on = later.start == end || (last_packed != 0 && later.first_packed == last_packed);
            fragment_count += later.fragment_count - (goes_on ? 1 : 0);
            data_bytes += later.data_bytes;
            end = later.end;
            last_packed = later.last_packed;
        } else if (later.has_data) {
            append_data_of(later);
        }
        if (later.inline_count != 0) {
            inline_count += later.inline_count;
            inline_kind = later.inline_kind;
            inline_disk_bytes += later.inline_disk_bytes;
            inline_ram_bytes += later.inline_ram_bytes;
        }
    }

private:
    void append_data_of(const FilePart& later) {
        has_data = true;
        file_offset = later.file_offset;
        start = later.start;
        end = later.end;
        first_packed = later.first_packed;
        last_packed = later.last_packed;
        fragment_count = later.fragment_count;
        data_bytes = later.data_bytes;
    }
};

} // namespace btrkit::usage
