// SPDX-License-Identifier: MIT
#include "libfs/ops/send/names/dir_moves.h"

#include <cassert>

namespace btrkit::send {

DirMoves::Waiting* DirMoves::find(u64 dir, u64 generation) {
    const auto at = waiting_.find(dir);
    return at == waiting_.end() || at->second.generation != generation ? nullptr : &at->second;
}

void DirMoves::add(u64 for_dir, WaitingMove move, bool is_orphan) {
    const Waiting waiting{.generation = move.dir_generation, .is_orphan = is_orphan};
    [[maybe_unused]] const bool is_new = waiting_.try_emplace(move.dir, waiting).second;
    assert(is_new);
    behind_[for_dir].push_back(std::move(move));
}

DirMoves::Waiting DirMoves::remove(u64 dir) {
    const auto at = waiting_.find(dir);
    assert(at != waiting_.end());
    const Waiting waiting = at->second;
    waiting_.erase(at);
    return waiting;
}

std::deque<WaitingMove> DirMoves::extract_moves_behind(u64 dir) {
    auto node = behind_.extract(dir);
    return node ? std::move(node.mapped()) : std::deque<WaitingMove>();
}

DyingDirs::Dying* DyingDirs::find(u64 dir, u64 generation) {
    const auto at = dirs_.find({dir, generation});
    return at == dirs_.end() ? nullptr : &at->second;
}

} // namespace btrkit::send
