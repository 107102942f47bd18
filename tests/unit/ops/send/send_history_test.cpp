// SPDX-License-Identifier: MIT
// Two random moments of a random history, in one image with the same inode numbers: the one against the other, applied
// by a receiver in memory, is what was sent. BTRKIT_SEEDS asks for a longer run, BTRKIT_SEED for a single pair.
#include "libfs/stream/stream_dump.h"
#include "tests/support/effort.h"
#include "tests/support/stream_bytes.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/ops/send/sent_streams.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <sys/stat.h>

namespace send_history_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The only seed that is tried; 0: all.
unsigned only_seed() {
    const char* asked = std::getenv("BTRKIT_SEED");
    return asked != nullptr ? static_cast<unsigned>(std::strtoul(asked, nullptr, 10)) : 0;
}

/// For those who look into a single pair.
void tell(const HistoryInodes& inodes) {
    for (const auto& [number, inode] : inodes) {
        std::string names;
        for (const auto& name : inode.names) {
            names += fmt::format(" {}/{}", name.dir, name.name);
        }
        std::string extents = fmt::format(" {}:", inode.size);
        for (const auto& [offset, extent] : inode.extents) {
            extents += fmt::format(" {}+{}={}+{}{}", offset, extent.length, extent.disk, extent.offset,
                                   extent.is_prealloc ? "p" : "");
        }
        MESSAGE(fmt::format("{}-{} {:o}{}{}", number, inode.generation, inode.mode, names,
                            S_ISREG(inode.mode) ? extents : ""));
    }
}

void tell(std::string_view stream) {
    StringSink text;
    static_cast<void>(dump_streams(source_of(stream), text));
    MESSAGE(text.text());
}

struct Pair {
    HistoryImage image;
    bool shares_blocks = true;
};

void make_pair(Pair& pair, unsigned seed) {
    std::mt19937_64 random(seed * 31 + 7);
    History history(pair.image, seed);
    pair.shares_blocks = random() % 3 != 0;
    const auto size = static_cast<unsigned>(random() % 4 == 0 ? random() % 50 : random() % 14);
    history.create(2 + size);
    history.begin_generation(10);
    history.change(static_cast<unsigned>(random() % 12));
    const HistoryInodes before = history.inodes();
    history.begin_generation(12);
    history.change(1 + static_cast<unsigned>(random() % (random() % 3 == 0 ? 40 : 8)));
    history.begin_generation(14);
    history.change(static_cast<unsigned>(random() % 4));
    if (only_seed() != 0) {
        tell(before);
        MESSAGE("then:");
        tell(history.inodes());
    }
    pair.image.plant({before, history.inodes()}, {.shares_blocks = pair.shares_blocks});
}

/// Both ways, whole and against the other one. Empty: all is well.
std::string try_pair(const Filesystem& filesystem, const Filesystem* parent_image, u32 version, bool compressed) {
    for (const bool is_backward : {false, true}) {
        const std::string parent = is_backward ? "258" : "257";
        const std::string sent = is_backward ? "257" : "258";
        ModelReceiver receiver;
        for (const bool is_whole : {true, false}) {
            send::Options options{.subvolumes = {is_whole ? parent : sent}, .version = version};
            options.compressed_data = compressed;
            if (!is_whole) {
                options.parent = parent;
            }
            const auto what =
                fmt::format("{} {}", is_backward ? "backward" : "forward", is_whole ? "whole" : "difference");
            const auto stream = send_stream(filesystem, is_whole ? nullptr : parent_image, options);
            if (!stream) {
                return what + ": " + stream.error().message;
            }
            if (only_seed() != 0 && !is_whole) {
                tell(*stream);
            }
            if (const auto received = receiver.receive(*stream); !received) {
                return what + ": " + received.error().message;
            }
            if (const auto wrong = difference(receiver, filesystem, is_whole ? parent : sent, version);
                !wrong.empty()) {
                return what + ": " + wrong;
            }
        }
    }
    return {};
}

std::string try_seed(unsigned seed) {
    Pair pair;
    make_pair(pair, seed);
    auto opened = open_filesystem(pair.image.image().all_devices());
    if (!opened.problems.empty()) {
        return describe(opened.problems.front());
    }
    const u32 version = 1 + seed % 2;
    const bool compressed = version == 2 && seed % 4 == 1;
    // As if they were two filesystems: nothing is known to be the same.
    const bool as_two = seed % 5 == 0;
    return try_pair(opened.filesystem, as_two ? &opened.filesystem : nullptr, version, compressed);
}

} // namespace

TEST_CASE("snapshots of a random history, sent against each other, are received as they are") {
    const unsigned only = only_seed();
    const unsigned first = only != 0 ? only : 1;
    const unsigned count = only != 0 ? 1 : rounds(50, 30'000);
    for (unsigned seed = first; seed < first + count; ++seed) {
        const auto wrong = try_seed(seed);
        CHECK_MESSAGE(wrong.empty(), "seed ", seed, ": ", wrong);
    }
}

} // namespace send_history_test
