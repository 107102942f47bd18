// SPDX-License-Identifier: MIT
#include "libfs/ops/send/output/batch.h"

#include <array>

namespace btrkit::send {

void Batch::add(DataPiece piece, std::string_view path) {
    if (!pieces.empty() && path_of(pieces.back()) == path) {
        piece.path_at = pieces.back().path_at;
    } else {
        piece.path_at = paths.size();
        paths += path;
    }
    piece.path_bytes = path.size();
    piece.commands_before = commands.size();
    piece.buffer_at = buffer_bytes;
    buffer_bytes += piece.buffer_bytes;
    weight += piece.weight();
    pieces.push_back(std::move(piece));
}

void Batch::clear() {
    commands.clear();
    paths.clear();
    pieces.clear();
    weight = 0;
    buffer_bytes = 0;
    heads.clear();
    parts.clear();
    problems.clear();
    skipped.clear();
    failure.reset();
}

Bytes zero_bytes() {
    static constexpr std::array<std::byte, btrfs::send::max_data_bytes> zeros{};
    return zeros;
}

} // namespace btrkit::send
