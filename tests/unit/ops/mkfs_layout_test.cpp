// SPDX-License-Identifier: MIT
// Chunks planned: the peer's sizes where there is room, no more than needed where there is not.
#include "libfs/ops/mkfs/layout.h"

#include <doctest/doctest.h>

namespace mkfs_layout_test {

using namespace btrkit;
using namespace btrkit::mkfs;

namespace {

Parameters parameters_for(std::string data, std::string metadata, std::size_t devices, bool mixed = false) {
    std::vector<std::string> warnings;
    Requests requests = {.mixed = mixed, .fsid = uuid_from_seed("layout")};
    if (!mixed) {
        requests.data_profile = std::move(data);
        requests.metadata_profile = std::move(metadata);
    }
    auto parameters = settle_parameters(requests, devices, warnings);
    REQUIRE(parameters);
    return *parameters;
}

u64 usable(const std::vector<Chunk>& chunks) {
    u64 bytes = 0;
    for (const auto& chunk : chunks) {
        bytes += BlockGroupSpace(chunk).left_bytes();
    }
    return bytes;
}

/// Chunks and device extents don't overlap and stay on their devices.
void check_sound(const Layout& layout) {
    std::vector<std::pair<Physical, u64>> stripes;
    Logical last;
    for (const auto* chunk : layout.chunks()) {
        CHECK(chunk->start >= last);
        last = chunk->start + chunk->length;
        for (const auto& stripe : chunk->stripes) {
            stripes.push_back({{stripe.devid, stripe.offset}, chunk->stripe_length_bytes()});
            CHECK(stripe.offset >= reserved_at_device_start);
            CHECK(stripe.offset + chunk->stripe_length_bytes() <= layout.devices.at(stripe.devid - 1).size_bytes);
        }
    }
    std::ranges::sort(stripes);
    for (std::size_t i = 1; i < stripes.size(); ++i) {
        const auto& [before, length] = stripes[i - 1];
        CHECK((stripes[i].first.devid != before.devid || stripes[i].first.offset >= before.offset + length));
    }
}

} // namespace

TEST_CASE("an empty filesystem of the default kind has the peer's chunks") {
    const auto parameters = parameters_for("single", "dup", 1);
    const u64 sizes[] = {10 * gib};
    const auto layout = lay_out(parameters, sizes, {.system = mib, .metadata = mib, .data = 0}, Fit::roomy);
    REQUIRE(layout);
    check_sound(*layout);
    CHECK(layout->system.at(0).length == 8 * mib);
    CHECK(layout->metadata.at(0).length == 256 * mib);
    CHECK(layout->data.at(0).length == 8 * mib);
}

TEST_CASE("the least sizes are the peer's") {
    CHECK(min_device_bytes(parameters_for("single", "dup", 1)) == 114294784);
    CHECK(min_device_bytes(parameters_for("single", "single", 1)) == 47185920);
    CHECK(min_device_bytes(parameters_for("dup", "dup", 1)) == 240123904);
    CHECK(min_device_bytes(parameters_for("", "", 1, true)) == 16777216);
    for (const auto& [data, metadata] : {std::pair{"single", "dup"}, {"single", "single"}, {"dup", "dup"}}) {
        const auto parameters = parameters_for(data, metadata, 1);
        const u64 sizes[] = {min_device_bytes(parameters)};
        CHECK(lay_out(parameters, sizes, {.system = mib, .metadata = 12 * mib, .data = 0}, Fit::roomy));
    }
}

TEST_CASE("whatever the profile, what is needed fits, in sound chunks; tight ones are hardly larger") {
    for (const char* data : {"single", "dup", "raid0", "raid1", "raid1c3", "raid1c4", "raid10", "raid5", "raid6"}) {
        for (const char* metadata : {"dup", "raid1", "raid6"}) {
            for (const u64 needed : {u64{1}, 100 * mib + 4096, 3 * gib}) {
                CAPTURE(data);
                CAPTURE(metadata);
                CAPTURE(needed);
                const auto parameters = parameters_for(data, metadata, 4);
                const SpaceNeeds needs = {.system = mib, .metadata = 20 * mib, .data = needed};
                const std::vector<u64> sizes(4, 20 * gib);
                const auto roomy = lay_out(parameters, sizes, needs, Fit::roomy);
                REQUIRE(roomy);
                check_sound(*roomy);
                CHECK(usable(roomy->data) >= needed);
                CHECK(usable(roomy->metadata) >= needs.metadata);

                const std::vector<u64> unbound(4, 0);
                const auto tight = lay_out(parameters, unbound, needs, Fit::tight);
                REQUIRE(tight);
                check_sound(*tight);
                CHECK(usable(tight->data) >= needed);
                CHECK(usable(tight->data) <= needed + 1 * mib);
                CHECK(usable(tight->metadata) >= needs.metadata);
                for (const auto& device : tight->devices) {
                    CHECK(device.size_bytes == device.allocated_end());
                }
            }
        }
    }
}

TEST_CASE("the least device is enough, and 64 KiB less is not") {
    for (const char* metadata : {"single", "dup"}) {
        for (const u64 needed : {u64{4096}, 58 * mib, 100 * mib, 3 * gib}) {
            const auto parameters = parameters_for("single", metadata, 1);
            const SpaceNeeds needs = {.system = mib, .metadata = 20 * mib, .data = needed};
            const u64 unbound[] = {0};
            const auto least = lay_out(parameters, unbound, needs, Fit::tight);
            REQUIRE(least);
            const u64 enough[] = {least->devices[0].size_bytes};
            CHECK(lay_out(parameters, enough, needs, Fit::tight));
            const u64 too_small[] = {enough[0] - btrfs::raid_stripe_length};
            CHECK_FALSE(lay_out(parameters, too_small, needs, Fit::tight));
        }
    }
}

TEST_CASE("too small is no layout") {
    const auto parameters = parameters_for("single", "dup", 1);
    const u64 sizes[] = {100 * mib};
    CHECK_FALSE(lay_out(parameters, sizes, {.system = mib, .metadata = mib, .data = 100 * mib}, Fit::tight));
    CHECK_FALSE(lay_out(parameters, sizes, {.system = mib, .metadata = 60 * mib, .data = 0}, Fit::roomy));
}

TEST_CASE("dropped data chunks give their place back") {
    const auto parameters = parameters_for("single", "single", 1);
    const u64 sizes[] = {10 * gib};
    auto layout = lay_out(parameters, sizes, {.system = mib, .metadata = mib, .data = 3 * gib}, Fit::roomy);
    REQUIRE(layout);
    REQUIRE(layout->data.size() >= 3);
    const u64 second = layout->data[1].stripes.front().offset;
    layout->drop_data_chunks(1);
    CHECK(layout->data.size() == 1);
    CHECK(layout->devices[0].allocated_end() == second);
}

} // namespace mkfs_layout_test
