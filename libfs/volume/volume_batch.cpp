// SPDX-License-Identifier: MIT
// Reading many places at once: in the order of the devices, neighbours together.
#include "libfs/volume/stripe_map.h"
#include "libfs/volume/volume.h"

namespace btrkit {

namespace {

/// More in one request gains nothing, but makes each failure dearer.
constexpr u64 longest_run_bytes = u64{1} << 20;

/// Sorts the pieces by place and visits those that lie one behind the other together.
template <class Piece, class Visitor>
void for_each_run(std::vector<Piece>& pieces, Visitor&& visit) {
    std::ranges::sort(pieces, {}, [](const Piece& piece) { return std::tuple(piece.place, piece.request); });
    for (std::size_t begin = 0; begin < pieces.size();) {
        Physical next = pieces[begin].place;
        u64 length = 0;
        std::size_t end = begin;
        do {
            length += pieces[end].length;
            next.offset += pieces[end].length;
            ++end;
        } while (end < pieces.size() && pieces[end].place == next && length + pieces[end].length <= longest_run_bytes);
        visit(std::span(pieces).subspan(begin, end - begin), length);
        begin = end;
    }
}

} // namespace

/// The mirror that a request asks for; 0 where there is none.
unsigned Volume::mirror_or_preferred(const Chunk& chunk, Logical at, unsigned mirror) const {
    if (mirror == 0) {
        return preferred_mirror(chunk, at);
    }
    return mirror <= btrkit::mirror_count(chunk) ? mirror : 0;
}

/// Where the bytes of a request are. False where that is nowhere, or where they must be rebuilt first.
bool Volume::collect_pieces(Logical at, u64 length, unsigned wanted, std::size_t request,
                            std::vector<Piece>& pieces) const {
    const std::size_t before = pieces.size();
    for (u64 done = 0; done < length;) {
        const Chunk* chunk = chunks_.find(at + done);
        const unsigned mirror = chunk == nullptr ? 0 : mirror_or_preferred(*chunk, at + done, wanted);
        if (mirror == 0 || is_rebuilt(*chunk, mirror)) {
            pieces.resize(before);
            return false;
        }
        const StripeRun run = map_stripe(*chunk, at + done, length - done, mirror);
        pieces.push_back({run.physical, run.length, request, done});
        done += run.length;
    }
    return true;
}

/// Reads each part of a request from its mirror, rebuilding where that is what the mirror means.
bool Volume::read_parts(const ReadRequest& request) const {
    for (u64 done = 0; done < request.out.size();) {
        const Logical at = request.at + done;
        const Chunk* chunk = chunks_.find(at);
        const unsigned mirror = chunk == nullptr ? 0 : mirror_or_preferred(*chunk, at, request.mirror);
        if (mirror == 0) {
            return false;
        }
        const u64 length = map_stripe(*chunk, at, request.out.size() - done, mirror).length;
        if (!read(at, request.out.subspan(done, length), mirror)) {
            return false;
        }
        done += length;
    }
    return true;
}

/// Reads neighbours in one request, and each alone if that fails.
void Volume::read_run(std::span<const Piece> run, std::span<ReadRequest> requests) const {
    const auto out_of = [&](const Piece& piece) {
        return requests[piece.request].out.subspan(piece.offset, piece.length);
    };
    const BlockDevice* device = device_of(run.front().place.devid);
    if (device != nullptr && run.size() > 1) {
        std::vector<MutableBytes> outs;
        for (const Piece& piece : run) {
            const MutableBytes out = out_of(piece);
            // What stripes have cut apart goes to one place again: the fewer, the quicker.
            if (!outs.empty() && outs.back().data() + outs.back().size() == out.data()) {
                outs.back() = {outs.back().data(), outs.back().size() + out.size()};
            } else {
                outs.push_back(out);
            }
        }
        if (device->read_scattered(run.front().place.offset, outs)) {
            return;
        }
    }
    for (const Piece& piece : run) {
        if (!read_physical(piece.place, out_of(piece))) {
            requests[piece.request].done = false;
        }
    }
}

void Volume::read_many(std::span<ReadRequest> requests) const {
    std::vector<Piece> pieces;
    pieces.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        ReadRequest& request = requests[i];
        request.done = collect_pieces(request.at, request.out.size(), request.mirror, i, pieces) || read_parts(request);
    }
    for_each_run(pieces, [&](std::span<const Piece> run, u64) { read_run(run, requests); });
}

void Volume::prefetch(std::span<const Logical> places, u32 length_bytes) const {
    std::vector<Piece> pieces;
    pieces.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        collect_pieces(places[i], length_bytes, 0, i, pieces);
    }
    for_each_run(pieces, [&](std::span<const Piece> run, u64 length) {
        if (const BlockDevice* device = device_of(run.front().place.devid); device != nullptr) {
            device->prefetch(run.front().place.offset, length);
        }
    });
}

} // namespace btrkit
