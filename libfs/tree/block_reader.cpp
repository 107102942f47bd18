// SPDX-License-Identifier: MIT
#include "libfs/tree/block_reader.h"

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
    return read_mirrors(promise, buffer, volume_->mirror_order(promise.address));
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
