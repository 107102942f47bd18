// SPDX-License-Identifier: MIT
// Two moments of a random history, sent whole and against each other, received: what is there then is what was sent, in
// all that a stream can say, and it sends itself as it came. BTRKIT_SEEDS asks for a longer run.
#include "tests/support/effort.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/receive/receive_bench.h"
#include "tests/unit/receive/stream_lines.h"

namespace receive_history_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// What no stream says: flags of new inodes. Holes may have become zeros, or zeros holes.
const std::set<std::string> unsaid = {"flags", "subvolume", "ranges"};

/// Filesystems of all kinds that make a difference for what is written.
FilesystemKind kind_of(unsigned seed) {
    FilesystemKind kind{.slack_bytes = 32 * mib};
    constexpr std::array checksums = {"crc32c", "xxhash", "sha256", "blake2"};
    kind.checksum = checksums[seed % checksums.size()];
    if (seed % 3 == 0) {
        kind.features.emplace_back("^no-holes");
    }
    if (seed % 5 == 1) {
        kind.features.emplace_back("block-group-tree");
    }
    if (seed % 4 == 0) {
        kind.nodesize_bytes = 16 * kib;
    }
    if (seed % 7 == 2) {
        kind.data_profile = "raid1";
        kind.metadata_profile = "raid1";
        kind.device_count = 2;
    }
    if (seed % 7 == 5) {
        kind.data_profile = "raid5";
        kind.metadata_profile = "raid1";
        kind.device_count = 3;
        kind.slack_bytes = 96 * mib;
    }
    return kind;
}

struct Sent {
    std::string id; ///< of the subvolume
    std::string name;
    std::string stream;
};

std::string compare(const ReceiveBench& bench, const Filesystem& source, const Sent& sent, u32 version) {
    auto expected = must(list_sent(source, sent.id));
    auto ignored = unsaid;
    if (version < 2) {
        ignored.insert("otime");
    }
    const auto wrong = differences(expected, bench.list("/" + sent.name), ignored);
    return wrong.empty() ? std::string() : fmt::format("{}: {} ({} differences)", sent.id, wrong.front(), wrong.size());
}

/// Sent again from where it was received it is the same stream, but for names that are none and how writes are cut.
std::string compare_sent_back(const ReceiveBench& bench, const Sent& sent, const send::Options& how) {
    auto options = how;
    options.subvolumes = {"/" + sent.name};
    const auto back = must(send_stream(bench.open(), nullptr, options));
    return first_difference(stream_lines(sent.stream), stream_lines(back));
}

std::string try_seed(unsigned seed) {
    HistoryImage image;
    std::mt19937_64 random(seed * 17 + 3);
    History history(image, seed);
    history.create(3 + static_cast<unsigned>(random() % 14));
    history.begin_generation(10);
    history.change(static_cast<unsigned>(random() % 12));
    const HistoryInodes before = history.inodes();
    history.begin_generation(12);
    history.change(1 + static_cast<unsigned>(random() % (random() % 3 == 0 ? 40 : 8)));
    image.plant({before, history.inodes()}, {.shares_blocks = random() % 3 != 0});
    const auto source = open_filesystem(image.image().all_devices());
    send::Options how{.subvolumes = {"257"}, .version = 1 + seed % 2};
    how.compressed_data = how.version == 2 && seed % 4 == 1;
    const Sent whole = {"257", "snapshot1", must(send_stream(source.filesystem, nullptr, how))};
    auto against = how;
    against.subvolumes = {"258"};
    against.parent = "257";
    const Sent difference = {"258", "snapshot2", must(send_stream(source.filesystem, nullptr, against))};

    ReceiveBench bench(kind_of(seed));
    const bool in_one_run = seed % 2 == 0;
    receive::Options options;
    if (seed % 3 == 1) {
        options.transaction.waiting_bytes = 3000; // merged again and again
    }
    // Given the wrong way round they are sorted.
    const std::vector<std::string> both = {difference.stream, whole.stream};
    auto received = in_one_run ? bench.receive(both, options, 1 + seed % 3) : bench.receive(whole.stream, options);
    if (received && !in_one_run) {
        received = bench.receive(difference.stream, options);
    }
    if (!received) {
        return received.error().message;
    }
    if (const auto found = bench.findings(); !found.empty()) {
        return found;
    }
    for (const auto* sent : {&whole, &difference}) {
        if (auto wrong = compare(bench, source.filesystem, *sent, how.version); !wrong.empty()) {
            return wrong;
        }
    }
    // Compressed extents here are such as no kernel makes (they save nothing), and are not kept.
    return how.compressed_data ? std::string() : compare_sent_back(bench, whole, how);
}

} // namespace

TEST_CASE("what is received from a random history is what was sent") {
    const unsigned count = rounds(40, 3'000);
    for (unsigned seed = 1; seed <= count; ++seed) {
        const auto wrong = try_seed(seed);
        CHECK_MESSAGE(wrong.empty(), "seed ", seed, ": ", wrong);
    }
}

} // namespace receive_history_test
