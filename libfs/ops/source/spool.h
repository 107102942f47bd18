// SPDX-License-Identifier: MIT
// File data that can be had only once and in the order of the source, kept in a temporary file until it is needed.
#pragma once

#include "libfs/io/temporary_file.h"
#include "libfs/ops/source/source_tree.h"

#include <string>
#include <vector>

namespace btrkit::source {

class SpoolContent final : public Content {
public:
    /// In a TemporaryFile in that directory.
    static Result<std::unique_ptr<SpoolContent>> make(const std::string& directory);

    /// Begins the next file; returns what read() knows it as. What append() takes from here on is this file's.
    u32 begin_file();
    /// Takes the next bytes of the file. Offsets only ascend; what is left out is a hole.
    Result<void> append(u64 offset, Bytes bytes);
    /// Call it once behind the last file, and before any read().
    Result<void> finish() { return flush(); }

    Result<void> read(u32 content, u64 offset, MutableBytes out) const override;

private:
    /// Bytes of a file that lie together in the spool.
    struct Piece {
        u64 offset;
        u64 length;
        u64 at; ///< where in the spool
    };

    explicit SpoolContent(TemporaryFile file) : file_(std::move(file)) {}

    Result<void> flush();
    Result<void> write_out(Bytes bytes);

    TemporaryFile file_;
    std::vector<std::size_t> first_pieces_; ///< by file: its first piece
    std::vector<Piece> pieces_;             ///< of all files, one after the other
    std::vector<std::byte> waiting_;        ///< to be written at written_
    u64 written_ = 0;
};

} // namespace btrkit::source
