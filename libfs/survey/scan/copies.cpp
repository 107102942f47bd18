// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/copies.h"

#include "libfs/volume/stripe_map.h"

#include <cstring>

#include <fmt/format.h>

namespace btrkit::survey {

namespace {

/// The copies that stand on devices as they are.
unsigned plain_copies(const Volume& volume, Logical at) {
    const Chunk* chunk = volume.chunks().find(at);
    return chunk == nullptr ? 1 : stored_copies(*chunk);
}

bool stands_on_missing_device(const Volume& volume, Logical at, unsigned mirror) {
    const Chunk* chunk = volume.chunks().find(at);
    const auto run = map_stripe(*chunk, at, 1, mirror);
    return volume.device_of(run.physical.devid) == nullptr;
}

/// Says what is wrong with a copy that is not like the good one.
void judge_copy(const BlockReader& reader, const Promise& promise, Bytes copy, unsigned mirror, Problems& problems) {
    Problems found;
    if (TreeBlock::prove(copy, reader.geometry(), promise, found)) {
        found.push_back({.code = ProblemCode::block_copies_differ,
                         .place = {.logical = promise.address, .tree = promise.tree},
                         .detail = "it is valid by itself"});
    }
    for (auto& problem : found) {
        problem.place.mirror = mirror;
        problems.push_back(std::move(problem));
    }
}

class OtherCopies {
public:
    OtherCopies(const BlockReader& reader, std::span<const Promise> promises, MutableBytes buffer, MutableBytes spare,
                std::span<ReadBlock> results)
        : reader_(reader), promises_(promises), buffer_(buffer), spare_(spare), results_(results) {}

    void compare() {
        unsigned most = 1;
        for (const auto& promise : promises_) {
            most = std::max(most, plain_copies(reader_.volume(), promise.address));
        }
        for (unsigned mirror = 1; most > 1 && mirror <= most; ++mirror) {
            compare_mirror(mirror);
        }
    }

private:
    Bytes good(std::size_t i) const { return buffer_.subspan(i * reader_.nodesize(), reader_.nodesize()); }

    /// The mirror that the good copy came from need not be read once more.
    bool wants(std::size_t i, unsigned mirror) const {
        const auto& volume = reader_.volume();
        const Logical at = promises_[i].address;
        if (results_[i].state != BlockState::proven || mirror > plain_copies(volume, at) ||
            stands_on_missing_device(volume, at, mirror)) {
            return false;
        }
        return !results_[i].problems.empty() || volume.mirror_order(at).front() != mirror;
    }

    void compare_mirror(unsigned mirror) {
        std::vector<Volume::ReadRequest> requests;
        std::vector<std::size_t> blocks;
        for (std::size_t i = 0; i < promises_.size(); ++i) {
            if (wants(i, mirror)) {
                requests.push_back({.at = promises_[i].address,
                                    .out = spare_.subspan(blocks.size() * reader_.nodesize(), reader_.nodesize()),
                                    .mirror = mirror});
                blocks.push_back(i);
            }
        }
        reader_.volume().read_many(requests);
        for (std::size_t k = 0; k < requests.size(); ++k) {
            const std::size_t i = blocks[k];
            if (!requests[k].done) {
                results_[i].problems.push_back(
                    {.code = ProblemCode::block_unreadable,
                     .place = {.logical = promises_[i].address, .mirror = mirror, .tree = promises_[i].tree}});
            } else if (std::memcmp(requests[k].out.data(), good(i).data(), reader_.nodesize()) != 0) {
                judge_copy(reader_, promises_[i], requests[k].out, mirror, results_[i].problems);
            }
        }
    }

    const BlockReader& reader_;
    std::span<const Promise> promises_;
    MutableBytes buffer_;
    MutableBytes spare_;
    std::span<ReadBlock> results_;
};

} // namespace

std::vector<ReadBlock> read_all_copies(const BlockReader& reader, std::span<const Promise> promises,
                                       MutableBytes buffer, MutableBytes spare) {
    auto results = reader.read_many(promises, buffer);
    OtherCopies(reader, promises, buffer, spare, results).compare();
    return results;
}

} // namespace btrkit::survey
