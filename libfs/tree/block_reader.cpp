// SPDX-License-Identifier: MIT
#include "libfs/tree/block_reader.h"

#include "libfs/tree/item_check.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

Problem unreadable(const Promise& promise, unsigned mirror, const Error& error) {
    return {ProblemCode::block_unreadable,
            {.logical = promise.address, .mirror = mirror, .tree = promise.tree},
            error.message};
}

/// Says of each problem in which copy it was found.
void append_with_mirror(Problems& all, Problems found, unsigned mirror) {
    for (auto& problem : found) {
        problem.place.mirror = mirror;
        all.push_back(std::move(problem));
    }
}

} // namespace

ReadBlock BlockReader::read(const Promise& promise, MutableBytes buffer) const {
    auto result = read_mirrors(promise, buffer, volume_->mirror_order(promise.address));
    if (promise.tree == btrfs::chunk_tree_id && result.proven && result.block().is_leaf()) {
        Problems ignored; // whoever looks at the items tells them
        check_items(result.block(), geometry(), btrfs::chunk_tree_id, ignored);
        if (!ignored.empty()) {
            auto sound = read_sound_leaf(promise, btrfs::chunk_tree_id, buffer);
            return sound.proven ? std::move(sound) : std::move(result);
        }
    }
    return result;
}

ReadBlock BlockReader::read_sound_leaf(const Promise& promise, u64 tree, MutableBytes buffer) const {
    std::vector<std::byte> copy(nodesize());
    for (const unsigned mirror : volume_->mirror_order(promise.address)) {
        Problems found;
        const auto proof = volume_->read(promise.address, copy, mirror)
                               ? TreeBlock::prove_copy(copy, geometry(), promise, found)
                               : CopyProof{};
        if (!proof.proven || !proof.proven->is_leaf()) {
            continue;
        }
        check_items(*proof.proven, geometry(), tree, found);
        if (found.empty()) {
            std::ranges::copy(copy, buffer.begin());
            ReadBlock sound;
            const auto again = TreeBlock::prove_copy(buffer, geometry(), promise, found);
            sound.state = again.state;
            sound.proven = again.proven;
            return sound;
        }
    }
    return {};
}

ReadBlock BlockReader::read_mirrors(const Promise& promise, MutableBytes buffer,
                                    std::span<const unsigned> mirrors) const {
    ReadBlock result;
    if (mirrors.empty()) {
        result.problems.push_back({ProblemCode::block_unreadable,
                                   {.logical = promise.address, .tree = promise.tree},
                                   "no chunk holds this address"});
        return result;
    }
    unsigned malformed_mirror = 0;
    for (const unsigned mirror : mirrors) {
        if (const auto done = volume_->read(promise.address, buffer, mirror); !done) {
            result.problems.push_back(unreadable(promise, mirror, done.error()));
            continue;
        }
        Problems found;
        const auto proof = TreeBlock::prove_copy(buffer, geometry(), promise, found);
        if (proof.proven) {
            result.state = BlockState::proven;
            result.proven = proof.proven;
            return result;
        }
        append_with_mirror(result.problems, std::move(found), mirror);
        if (proof.state == BlockState::malformed && malformed_mirror == 0) {
            malformed_mirror = mirror;
        }
    }
    if (malformed_mirror != 0 && volume_->read(promise.address, buffer, malformed_mirror)) {
        result.state = BlockState::malformed;
    }
    return result;
}

std::vector<ReadBlock> BlockReader::read_many(std::span<const Promise> promises, MutableBytes buffer) const {
    std::vector<Volume::ReadRequest> requests;
    requests.reserve(promises.size());
    for (std::size_t i = 0; i < promises.size(); ++i) {
        requests.push_back({promises[i].address, buffer.subspan(i * nodesize(), nodesize())});
    }
    volume_->read_many(requests);
    std::vector<ReadBlock> results(promises.size());
    Problems ignored; // read() finds them again, and says in which mirror
    for (std::size_t i = 0; i < promises.size(); ++i) {
        auto& result = results[i];
        if (requests[i].done) {
            const auto proof = TreeBlock::prove_copy(requests[i].out, geometry(), promises[i], ignored);
            result.state = proof.state;
            result.proven = proof.proven;
        }
        if (!result.proven) {
            result = read(promises[i], requests[i].out);
        }
    }
    return results;
}

} // namespace btrkit
