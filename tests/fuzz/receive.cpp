// SPDX-License-Identifier: MIT
// A send stream, received into a filesystem that has a parent for it. Whatever it is, the filesystem is as it was, or
// sound with what has come; nothing is ever found wrong only by the proof.
//
// The first byte: two bits version, then flags (Flag). With `program` the rest is a program for a machine that makes
// commands of few paths, offsets and contents, so that they have to do with each other; else it is commands as the
// target `stream` has them.
#include "libfs/ops/receive/receive.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/stream/encoder.h"
#include "tests/fuzz/sealed_stream.h"

#include <array>
#include <cstdio>
#include <cstdlib>

using namespace btrkit;
using A = btrfs::send::Attribute;
using C = btrfs::send::Command;

namespace {

enum Flag : u8 {
    partial = 0x04,
    any_errors = 0x08,
    little_memory = 0x10,
    decompress = 0x20,
    each = 0x40,
    program = 0x80,
};

btrfs::Uuid uuid_of(u8 number) {
    btrfs::Uuid uuid;
    uuid.bytes.fill(number);
    return uuid;
}

/// Bytes that decide; zeros behind the last.
class Choices {
public:
    explicit Choices(Bytes bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    u64 next() {
        if (bytes_.empty()) {
            return 0;
        }
        const auto byte = static_cast<u8>(bytes_.front());
        bytes_ = bytes_.subspan(1);
        return byte;
    }
    template <class T, std::size_t size>
    T of(const std::array<T, size>& all) {
        return all[next() % size];
    }

private:
    Bytes bytes_;
};

constexpr std::array<std::string_view, 14> paths = {"a",   "b", "d", "d/a", "o300-1-0", "o301-1-0",    "o300-1-0/a",
                                                    "d/d", "",  "l", "l/a", "../a",     "parent-file", "d/d/b"};

class Machine {
public:
    Machine(u32 version, Choices choices) : encoder_(version, sink_), choices_(choices) {
        static_cast<void>(encoder_.write_stream_header());
    }

    std::string run() {
        begin_subvolume();
        while (!choices_.empty()) {
            step();
        }
        static_cast<void>(encoder_.put_command(C::end));
        return std::string(sink_.text());
    }

private:
    u64 offset() {
        const u64 choice = choices_.next();
        const u64 sector = (choice & 0x3f) * 4096;
        return (choice & 0x40) != 0 ? sector + 123 : (choice & 0x80) != 0 ? sector << 20 : sector;
    }
    std::string_view content(u64 length) {
        bytes_.assign(length, static_cast<char>('a' + choices_.next() % 4));
        return bytes_;
    }
    void put_source() {
        encoder_.put_uuid(A::clone_uuid, uuid_of(static_cast<u8>(choices_.next() % 4)));
        encoder_.put_integer(A::clone_ctransid, 1);
    }

    void begin_subvolume() {
        const bool is_snapshot = choices_.next() % 2 != 0;
        const u8 number = static_cast<u8>(2 + count_++ % 100);
        encoder_.begin(is_snapshot ? C::snapshot : C::subvol);
        encoder_.put_text(A::path, std::string("sv") + static_cast<char>('a' + number % 26));
        encoder_.put_uuid(A::uuid, uuid_of(number));
        encoder_.put_integer(A::ctransid, 1);
        if (is_snapshot) {
            encoder_.put_uuid(A::clone_uuid, uuid_of(static_cast<u8>(1 + choices_.next() % 3)));
            encoder_.put_integer(A::clone_ctransid, 1);
        }
        static_cast<void>(encoder_.finish());
    }

    /// One command; values that a version has not are left out by who reads it.
    void step() {
        constexpr u64 begins_another = 60;
        const u64 choice = choices_.next();
        if (choice % 64 == begins_another) {
            begin_subvolume();
            return;
        }
        const auto& info = btrfs::send::commands[2 + choice % (btrfs::send::commands.size() - 2)];
        if (info.since_version > encoder_.version() || info.command == C::end) {
            return;
        }
        encoder_.begin(info.command);
        for (const auto& entry : info.attributes()) {
            if (entry.presence != btrfs::send::Presence::newer || encoder_.version() >= 2) {
                put(entry.attribute);
            }
        }
        static_cast<void>(encoder_.finish());
    }

    void put(A which) {
        constexpr std::array<std::string_view, 5> xattrs = {"user.x", "btrfs.compression", "security.capability",
                                                            "user.y", "system.posix_acl_access"};
        constexpr std::array<u64, 8> lengths = {4096, 8192, 1, 131'072, 5000, 0, 49'152, 123};
        constexpr std::array<u64, 8> modes = {0, 1, 3, 16, 17, 2, 0100644, 040755};
        switch (which) {
        case A::path:
        case A::path_to:
        case A::path_link:
        case A::clone_path: encoder_.put_text(which, choices_.of(paths)); break;
        case A::xattr_name: encoder_.put_text(which, choices_.of(xattrs)); break;
        case A::xattr_data: {
            constexpr std::array<std::string_view, 5> values = {"zstd", "", "value", "zlib", "none"};
            value_ = choices_.of(values);
            encoder_.put_data(which, std::as_bytes(std::span(value_)));
            break;
        }
        case A::data: encoder_.put_data(which, std::as_bytes(std::span(content(choices_.of(lengths))))); break;
        case A::verity_salt_data:
        case A::verity_sig_data: encoder_.put_data(which, {}); break;
        case A::clone_uuid: encoder_.put_uuid(which, uuid_of(static_cast<u8>(choices_.next() % 4))); break;
        case A::ino: encoder_.put_integer(which, 256 + choices_.next()); break;
        case A::file_offset:
        case A::clone_offset:
        case A::unencoded_offset: encoder_.put_integer(which, offset()); break;
        case A::size:
        case A::clone_len:
        case A::unencoded_len:
        case A::unencoded_file_len:
            encoder_.put_integer(which, choices_.next() % 4 == 0 ? offset() : choices_.of(lengths));
            break;
        case A::mode:
        case A::fallocate_mode: encoder_.put_integer(which, choices_.of(modes)); break;
        case A::fileattr: encoder_.put_integer(which, choices_.next() | choices_.next() << 8); break;
        case A::atime:
        case A::mtime:
        case A::ctime:
        case A::otime: encoder_.put_time(which, {.sec = choices_.next(), .nsec = 1}); break;
        case A::verity_block_size: encoder_.put_integer(which, 4096); break;
        case A::encryption: encoder_.put_integer(which, choices_.next() / 250); break;
        default: encoder_.put_integer(which, choices_.next() % 8); break;
        }
    }

    StringSink sink_;
    Encoder encoder_;
    Choices choices_;
    std::string bytes_;
    std::string value_;
    unsigned count_ = 0;
};

Result<receive::Report> receive_into(const Filesystem& filesystem, WritableDevice& device, std::string_view stream,
                                     receive::Options options) {
    u8 number = 100;
    options.now = {.sec = 5000};
    options.new_uuid = [&number] { return uuid_of(number++); };
    const StreamSource input = {"stream", test::source_of(stream), stream.size()};
    return receive::run(filesystem, {{1, &device}}, std::span(&input, 1), options, {});
}

Filesystem open(const MemoryDevice& device) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::make_unique<OverlayDevice>(device, OverlayDevice::Room{}));
    auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    if (!filesystem) {
        std::abort();
    }
    return std::move(*filesystem);
}

/// A filesystem with one received subvolume, as uuid 1, with a file that has data.
SparseBytes make_base() {
    const auto source = mkfs::empty_source_tree({.sec = 1000});
    mkfs::PlanOptions how{.device_sizes = {128 * mib}};
    how.requests.fsid = uuid_of(9);
    how.requests.now = {.sec = 1000};
    how.requests.nodesize_bytes = 4096;
    const auto plan = mkfs::plan(source, how, {});
    MemoryDevice device("device", SparseBytes(128 * mib));
    WritableDevice* const pointers[] = {&device};
    if (!plan || !mkfs::write(*plan, pointers, {}, {})) {
        std::abort();
    }
    StringSink sink;
    Encoder encoder(1, sink);
    const std::string data(20'000, 'p');
    static_cast<void>(encoder.write_stream_header());
    encoder.begin(C::subvol);
    encoder.put_text(A::path, "parent");
    encoder.put_uuid(A::uuid, uuid_of(1));
    encoder.put_integer(A::ctransid, 1);
    static_cast<void>(encoder.finish());
    encoder.begin(C::mkfile);
    encoder.put_text(A::path, "parent-file");
    encoder.put_integer(A::ino, 257);
    static_cast<void>(encoder.finish());
    encoder.begin(C::write);
    encoder.put_text(A::path, "parent-file");
    encoder.put_integer(A::file_offset, 0);
    encoder.put_data(A::data, std::as_bytes(std::span(data)));
    static_cast<void>(encoder.finish());
    static_cast<void>(encoder.put_command(C::end));
    if (!receive_into(open(device), device, sink.text(), {})) {
        std::abort();
    }
    return device.bytes();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    static const SparseBytes base = make_base();
    const u8 flags = data[0];
    const u32 version = 1 + flags % 4 % 3;
    const Bytes rest = std::as_bytes(std::span(data, size)).subspan(1);
    const auto stream =
        (flags & program) != 0 ? Machine(version, Choices(rest)).run() : test::sealed_stream(version, rest);
    MemoryDevice device("device", SparseBytes(base)); // shares its pages
    const auto filesystem = open(device);
    receive::Options options{.keeps_partial = (flags & partial) != 0,
                             .max_errors = (flags & any_errors) != 0 ? u64{0} : u64{1},
                             .commits_each = (flags & each) != 0,
                             .force_decompress = (flags & decompress) != 0};
    options.transaction.waiting_bytes = (flags & little_memory) != 0 ? 2000 : std::size_t{1} << 20;
    const auto report = receive_into(filesystem, device, stream, options);
    const Error* error = !report ? &report.error() : report->failure ? &*report->failure : nullptr;
    // What would not be sound was proposed by us, whatever the stream said.
    const bool is_our_fault = error != nullptr && (error->kind == ErrorKind::bug ||
                                                   error->message.find("would not be sound") != std::string::npos);
    const bool has_changed = open(device).super().generation != filesystem.super().generation;
    if (is_our_fault || has_changed != report.has_value()) {
        std::fputs(error != nullptr ? error->message.c_str() : "changed, or not", stderr);
        std::abort();
    }
    return 0;
}
