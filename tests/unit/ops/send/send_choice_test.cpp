// SPDX-License-Identifier: MIT
// What is sent against what, and how several subvolumes stand in one stream; commands of version 3.
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/verity.h"
#include "tests/support/stream_bytes.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/ops/send/sent_streams.h"

#include <doctest/doctest.h>

namespace send_choice_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;

/// Four moments of one history, as subvolumes 257 to 260 with the uuids 1 to 4.
Filesystem four_snapshots(const HistoryImage::Kind& kind) {
    HistoryImage image;
    History history(image, 5);
    history.create(6);
    std::vector<HistoryInodes> moments{history.inodes()};
    for (const u64 generation : {10, 11, 12}) {
        history.begin_generation(generation);
        history.create(2);
        moments.push_back(history.inodes());
    }
    image.plant(moments, kind);
    return std::move(open_filesystem(image.image().all_devices()).filesystem);
}

/// 258 to 260 are snapshots of 257.
void descend_from_first(u64 id, btrfs::RootItem& item) {
    item.parent_uuid = id == 257 ? btrfs::Uuid() : uuid_of(1);
}

send::Subvolume subvolume(const Filesystem& filesystem, u64 id) {
    auto found = send::find_subvolume(filesystem, id);
    REQUIRE_MESSAGE(found, found.error().message);
    return std::move(*found);
}

/// 0: none.
u64 chosen(const Filesystem& filesystem, u64 id, const std::vector<u64>& candidates) {
    std::vector<send::Subvolume> all;
    for (const u64 candidate : candidates) {
        all.push_back(subvolume(filesystem, candidate));
    }
    const auto parent = send::choose_parent(filesystem, subvolume(filesystem, id), all);
    REQUIRE_MESSAGE(parent, parent.error().message);
    return *parent ? (**parent).id() : 0;
}

/// The subvolumes of a stream, each with the uuid of what it was sent against; null: it was sent whole.
std::vector<std::pair<btrfs::Uuid, btrfs::Uuid>> begun_in(std::string_view stream) {
    std::vector<std::pair<btrfs::Uuid, btrfs::Uuid>> begun;
    Decoder decoder(source_of(stream));
    for (auto version = decoder.begin_stream(); version && *version; version = decoder.begin_stream()) {
        for (bool more = true; more;) {
            const auto command = decoder.next();
            REQUIRE_MESSAGE(command, command.error().message);
            if (command->command() == Command::subvol || command->command() == Command::snapshot) {
                begun.emplace_back(command->uuid(Attribute::uuid), command->has(Attribute::clone_uuid)
                                                                       ? command->uuid(Attribute::clone_uuid)
                                                                       : btrfs::Uuid());
            }
            more = command->command() != Command::end;
        }
    }
    return begun;
}

std::string must_send(const Filesystem& filesystem, const send::Options& options) {
    auto stream = send_stream(filesystem, nullptr, options);
    REQUIRE_MESSAGE(stream, stream.error().message);
    return std::move(*stream);
}

ErrorKind refusal(const Filesystem& filesystem, const send::Options& options) {
    const auto stream = send_stream(filesystem, nullptr, options);
    REQUIRE_FALSE(stream);
    return stream.error().kind;
}

} // namespace

TEST_CASE("the parent is what a subvolume is a snapshot of, or the nearest other snapshot of that") {
    const auto filesystem = four_snapshots({.change_root = [](u64 id, btrfs::RootItem& item) {
        descend_from_first(id, item);
        item.ctransid = id == 257 ? 50 : id == 258 ? 40 : id == 259 ? 53 : 70;
    }});
    CHECK(chosen(filesystem, 260, {}) == 0);
    CHECK(chosen(filesystem, 260, {258}) == 258);
    CHECK(chosen(filesystem, 260, {258, 259}) == 259); // by the distance to what all are snapshots of
    CHECK(chosen(filesystem, 260, {259, 258}) == 259);
    CHECK(chosen(filesystem, 260, {258, 257, 259}) == 257);
    CHECK(chosen(filesystem, 257, {258, 259}) == 0); // the origin itself is a snapshot of nothing
}

TEST_CASE("where the origin is gone, there is no parent to choose, but one may be given") {
    const auto filesystem = four_snapshots({});
    CHECK(chosen(filesystem, 260, {258, 259}) == 0);
    CHECK(refusal(filesystem, {.subvolumes = {"260"}, .clone_sources = {"258"}}) == ErrorKind::refused);
    const auto begun = begun_in(must_send(filesystem, {.subvolumes = {"260"}, .parent = "258"}));
    CHECK(begun == std::vector{std::pair{uuid_of(4), uuid_of(2)}});
}

TEST_CASE("with clone sources each subvolume has a parent chosen, also among those sent before it") {
    const auto filesystem = four_snapshots({.change_root = descend_from_first});
    const auto stream = must_send(filesystem, {.subvolumes = {"258", "260"}, .clone_sources = {"257"}});
    CHECK(begun_in(stream) == std::vector{std::pair{uuid_of(2), uuid_of(1)}, std::pair{uuid_of(4), uuid_of(1)}});
    // Not 257 this time: 258 is what the receiver has.
    const auto later = must_send(filesystem, {.subvolumes = {"259", "260"}, .clone_sources = {"258"}});
    CHECK(begun_in(later) == std::vector{std::pair{uuid_of(3), uuid_of(2)}, std::pair{uuid_of(4), uuid_of(2)}});
    const auto whole = must_send(filesystem, {.subvolumes = {"258", "260"}});
    CHECK(begun_in(whole) == std::vector{std::pair{uuid_of(2), btrfs::Uuid()}, std::pair{uuid_of(4), btrfs::Uuid()}});
}

TEST_CASE("what was received is known by what it was received as") {
    const auto filesystem = four_snapshots({.change_root = [](u64 id, btrfs::RootItem& item) {
        if (id == 258) {
            item.received_uuid = uuid_of(77);
        }
    }});
    CHECK(begun_in(must_send(filesystem, {.subvolumes = {"260"}, .parent = "258"})) ==
          std::vector{std::pair{uuid_of(4), uuid_of(77)}});
    CHECK(begun_in(must_send(filesystem, {.subvolumes = {"258"}})) ==
          std::vector{std::pair{uuid_of(77), btrfs::Uuid()}});
}

TEST_CASE("several subvolumes are several streams, or one") {
    const auto filesystem = four_snapshots({});
    send::Options options{.subvolumes = {"257", "259"}};
    const auto apart = must_send(filesystem, options);
    options.omit_end = true;
    const auto together = must_send(filesystem, options);
    // One header and one end less.
    CHECK(apart.size() - together.size() == sizeof(btrfs::send::StreamHeader) + sizeof(btrfs::send::CommandHeader));
    for (const auto& [stream, ends] : {std::pair(&apart, 2U), std::pair(&together, 1U)}) {
        ModelReceiver receiver;
        const auto received = receiver.receive(*stream);
        CHECK_MESSAGE(received, received.error().message);
        CHECK(receiver.count() == 2);
        CHECK(receiver.commands(Command::end) == ends);
        CHECK(difference(receiver, filesystem, "259", 1) == "");
    }
}

TEST_CASE("subvolumes without a common past are not sent against each other, writable ones only if that is wanted") {
    const auto apart = [](u64 id, btrfs::RootItem& item) {
        item.parent_uuid = {};
        item.flags = id == 259 ? 0 : btrfs::root_subvol_rdonly;
    };
    const auto younger_top = [](u64 id, Items& items) {
        if (id == 258) {
            const btrfs::Key key{btrfs::root_dir_inode, btrfs::item_type::inode_item, 0};
            items.at(key)[offsetof(btrfs::InodeItem, otime)] ^= 1;
        }
    };
    const auto filesystem = four_snapshots({.change_root = apart, .change_items = younger_top});
    CHECK(refusal(filesystem, {.subvolumes = {"258"}, .parent = "257"}) == ErrorKind::refused);
    must_send(filesystem, {.subvolumes = {"260"}, .parent = "257"}); // the same top directory
    CHECK(refusal(filesystem, {.subvolumes = {"259"}}) == ErrorKind::refused);
    CHECK(refusal(filesystem, {.subvolumes = {"260"}, .parent = "259"}) == ErrorKind::refused);
    must_send(filesystem, {.subvolumes = {"259"}, .allow_writable = true});
    CHECK(refusal(filesystem, {.subvolumes = {"300"}}) == ErrorKind::not_found);

    const auto related = four_snapshots({.change_items = younger_top});
    must_send(related, {.subvolumes = {"258"}, .parent = "257"}); // snapshots of one that is gone
}

namespace {

/// The descriptor in two items, as large ones are, and a signature of 40 bytes.
void plant_verity(Items& items, u64 inode, u32 told_signature_bytes) {
    namespace type = btrfs::item_type;
    btrfs::FsverityDescriptor descriptor{.version = 1, .hash_algorithm = 1, .log_blocksize = 12, .salt_size = 3};
    descriptor.sig_size = told_signature_bytes;
    descriptor.salt = {7, 8, 9};
    std::string bytes(as_text(as_bytes_of(descriptor)));
    bytes += std::string(40, 's');
    items.at({inode, type::inode_item, 0})[offsetof(btrfs::InodeItem, transid)] ^= 1; // its flags have changed
    const btrfs::VerityDescriptorItem head{.size = bytes.size()};
    items[{inode, type::verity_desc_item, 0}] = as_text(as_bytes_of(head));
    items[{inode, type::verity_desc_item, 1}] = bytes.substr(0, 100);
    items[{inode, type::verity_desc_item, 101}] = bytes.substr(100);
}

u64 first_file(const Items& items) {
    const auto found = std::ranges::find_if(items, [](const auto& item) {
        const auto* inode = view_at<btrfs::InodeItem>(std::as_bytes(std::span(item.second)));
        return item.first.type == btrfs::item_type::inode_item && S_ISREG(u32{inode->mode});
    });
    REQUIRE(found != items.end());
    return found->first.objectid;
}

} // namespace

TEST_CASE("verity is sent from version 3 on, after all data, with salt and signature") {
    const auto filesystem = four_snapshots({.change_items = [](u64 id, Items& items) {
        if (id >= 258) {
            plant_verity(items, first_file(items), 40);
        }
    }});
    for (const bool is_whole : {true, false}) {
        for (const u32 version : {1U, 2U, 3U}) {
            send::Options options{.subvolumes = {"258"}, .version = version};
            if (!is_whole) {
                options.parent = "257";
            }
            ModelReceiver receiver;
            REQUIRE(receiver.receive(must_send(filesystem, {.subvolumes = {"257"}})));
            const auto stream = must_send(filesystem, options);
            const auto received = receiver.receive(stream); // refuses what comes behind it
            CHECK_MESSAGE(received, received.error().message);
            CHECK(receiver.commands(Command::enable_verity) == (version == 3 ? 1 : 0));
            CHECK(stream.contains(std::string(40, 's')) == (version == 3));
            CHECK(stream.contains("\7\10\11") == (version == 3));
        }
    }
}

TEST_CASE("verity of a file whose number was another's is sent too") {
    const auto filesystem = four_snapshots({.change_items = [](u64 id, Items& items) {
        if (id >= 258) {
            const u64 file = first_file(items);
            plant_verity(items, file, 40);
            items.at({file, btrfs::item_type::inode_item, 0})[offsetof(btrfs::InodeItem, generation)] ^= 1;
        }
    }});
    ModelReceiver receiver;
    REQUIRE(receiver.receive(must_send(filesystem, {.subvolumes = {"257"}})));
    const auto received =
        receiver.receive(must_send(filesystem, {.subvolumes = {"258"}, .parent = "257", .version = 3}));
    CHECK_MESSAGE(received, received.error().message);
    CHECK(receiver.commands(Command::enable_verity) == 1);
}

TEST_CASE("a verity descriptor that is cut off is damage") {
    const auto filesystem =
        four_snapshots({.change_items = [](u64 /*id*/, Items& items) { plant_verity(items, first_file(items), 41); }});
    CHECK(refusal(filesystem, {.subvolumes = {"258"}, .version = 3}) == ErrorKind::damaged);
    must_send(filesystem, {.subvolumes = {"258"}, .version = 2});
}

} // namespace send_choice_test
