// SPDX-License-Identifier: MIT
// Random trees into images of random kinds: what our own library reads back is what was put in, without a finding, and
// the bytes are the same at any number of threads.
#include "libfs/fs/path_lookup.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/dump/dump_tree.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "tests/support/effort.h"
#include "tests/support/open_filesystem.h"
#include "tests/unit/ops/random_source.h"

#include <cstdlib>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace mkfs_image_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Kind {
    mkfs::Requests requests;
    std::size_t device_count = 1;
    mkfs::Sizing sizing = mkfs::Sizing::least;
    std::string text;
};

template <class T>
const T& pick(std::mt19937_64& random, const std::vector<T>& choices) {
    return choices[random() % choices.size()];
}

Kind random_kind(unsigned seed) {
    std::mt19937_64 random(seed * 7919 + 1);
    Kind kind;
    auto& requests = kind.requests;
    requests.fsid = mkfs::uuid_from_seed(std::to_string(seed));
    requests.now = {.sec = 1'800'000'000};
    const std::vector<std::string> profiles = {"single",  "dup",    "raid0", "raid1", "raid1c3",
                                               "raid1c4", "raid10", "raid5", "raid6"};
    kind.device_count = 1 + random() % 4;
    const std::size_t usable = kind.device_count == 1 ? 3 : kind.device_count == 2 ? 4 : kind.device_count == 3 ? 5 : 9;
    requests.data_profile = profiles[random() % usable];
    requests.metadata_profile = profiles[random() % usable];
    requests.checksum = pick<std::string>(random, {"crc32c", "xxhash", "sha256", "blake2"});
    requests.sectorsize_bytes = pick<u64>(random, {4096, 4096, 4096, 8192, 65536});
    requests.nodesize_bytes = std::max(*requests.sectorsize_bytes, pick<u64>(random, {4096, 16384, 65536}));
    requests.features = {pick<std::string>(
        random, {"", "", "^no-holes", "^extref", "^skinny-metadata", "^fst", "^bgt", "quota", "squota"})};
    if (random() % 8 == 0) {
        requests.mixed = true;
        requests.nodesize_bytes = requests.sectorsize_bytes;
        requests.metadata_profile.reset();
    }
    const auto compression = parse_compression(pick<std::string>(random, {"no", "zlib", "lzo", "zstd", "zstd:9"}));
    requests.compression = *compression;
    kind.sizing = random() % 6 == 0 ? mkfs::Sizing::given : mkfs::Sizing::least;
    kind.text = fmt::format(
        "seed {}: {} devices, data {}, metadata {}, {}, nodes {}, sectors {}, features '{}', mixed {}, compression {}",
        seed, kind.device_count, *requests.data_profile, requests.metadata_profile.value_or("-"), requests.checksum,
        *requests.nodesize_bytes, *requests.sectorsize_bytes, requests.features[0], requests.mixed,
        static_cast<int>(requests.compression.algorithm));
    return kind;
}

using Image = std::vector<SparseBytes>; ///< the bytes of each device

Image make_image(const Kind& kind, const mkfs::SourceTree& source, unsigned threads) {
    const u64 size = kind.sizing == mkfs::Sizing::given ? 240 * mib : 0;
    const auto plan = mkfs::plan(
        source,
        {.requests = kind.requests, .sizing = kind.sizing, .device_sizes = std::vector<u64>(kind.device_count, size)},
        {.parallelism = {.threads = threads}});
    REQUIRE_MESSAGE(plan, kind.text, ": ", plan.error().message);
    std::vector<std::unique_ptr<MemoryDevice>> devices;
    std::vector<WritableDevice*> pointers;
    for (const auto& device : plan->layout.devices) {
        devices.push_back(std::make_unique<MemoryDevice>("device", SparseBytes(device.size_bytes)));
        pointers.push_back(devices.back().get());
    }
    const auto report = mkfs::write(*plan, pointers, {}, {.parallelism = {.threads = threads}});
    REQUIRE_MESSAGE(report, kind.text, ": ", report.error().message);
    Image image;
    for (auto& device : devices) {
        image.push_back(device->bytes());
    }
    return image;
}

OpenFilesystem open(const Image& image) {
    Devices devices;
    for (const auto& bytes : image) {
        devices.push_back(std::make_unique<MemoryDevice>("device", bytes));
    }
    return open_filesystem(std::move(devices));
}

struct Nowhere final : OutputSink {
    Result<void> write(std::string_view) override { return {}; }
};

void check_image(const Kind& kind, const mkfs::SourceTree& source, const Image& image) {
    INFO(kind.text);
    auto opened = open(image);
    REQUIRE_MESSAGE(opened.problems.empty(), describe(opened.problems.front()));
    Nowhere nowhere;
    Problems problems;
    const auto dumped = dump_tree::run(opened.filesystem, nowhere, {}, {.problems = into(problems)});
    REQUIRE(dumped.has_value());
    REQUIRE_MESSAGE(problems.empty(), describe(problems.front()));
    const auto top = find_path(opened.filesystem, "/");
    REQUIRE(top);
    const auto listing = list_image(opened.filesystem, *top);
    REQUIRE_MESSAGE(listing, listing.error().message);
    const auto wrong = differences(listing_of(source, static_cast<u32>(*kind.requests.sectorsize_bytes)), *listing, {});
    CHECK_MESSAGE(wrong.empty(), (wrong.empty() ? "" : wrong.front()));
}

} // namespace

TEST_CASE("random trees in images of random kinds read back as they were") {
    for (unsigned seed = 0; seed < rounds(10, 100); ++seed) {
        const Kind kind = random_kind(seed);
        const auto source = random_source(seed);
        check_image(kind, source, make_image(kind, source, 2));
    }
}

TEST_CASE("the same input gives the same bytes at any number of threads") {
    for (unsigned seed = 100; seed < 100 + rounds(3, 20); ++seed) {
        const Kind kind = random_kind(seed);
        const auto source = random_source(seed);
        const Image one = make_image(kind, source, 1);
        for (const unsigned threads : {2U, 7U}) {
            INFO(kind.text);
            CHECK(make_image(kind, source, threads) == one);
        }
    }
}

TEST_CASE("a device that is a little too small is refused with the bytes that are missing; with them it is enough") {
    const auto source = random_source(3);
    Kind kind = random_kind(0);
    kind.requests = {.checksum = "crc32c", .fsid = mkfs::uuid_from_seed("small"), .now = {}};
    const auto plan_for = [&](mkfs::Sizing sizing, u64 size) {
        return mkfs::plan(source, {.requests = kind.requests, .sizing = sizing, .device_sizes = {size}}, {});
    };
    const auto least = plan_for(mkfs::Sizing::least, 0);
    REQUIRE(least);
    const u64 enough = least->layout.devices[0].size_bytes;
    const auto refused = plan_for(mkfs::Sizing::least, enough - 4 * mib);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::no_space);
    CHECK(refused.error().message.find(std::to_string(4 * mib) + " bytes are missing") != std::string::npos);
    CHECK(plan_for(mkfs::Sizing::least, enough));
}

TEST_CASE("behind the part of a device that is asked for nothing changes") {
    const auto source = random_source(5);
    const mkfs::Requests requests = {.checksum = "crc32c", .fsid = mkfs::uuid_from_seed("part"), .now = {}};
    const auto plan =
        mkfs::plan(source, {.requests = requests, .sizing = mkfs::Sizing::least, .device_sizes = {0}}, {});
    REQUIRE(plan);
    const u64 part = plan->layout.devices[0].size_bytes;
    REQUIRE(part < btrfs::superblock_offsets[1]);
    // Large enough for a second superblock, which would lie outside.
    MemoryDevice device("device", std::vector<std::byte>(80 * mib, std::byte{0xaa}));
    WritableDevice* const devices[] = {&device};
    REQUIRE(mkfs::write(*plan, devices, {.wipe_end = false}, {}));
    const SparseBytes untouched(std::vector<std::byte>(80 * mib, std::byte{0xaa}));
    CHECK(device.bytes().is_same(untouched, part, untouched.size()));
}

} // namespace mkfs_image_test
