"""The published `livekit` and `livekit-api` packages against a server: a line of JSON on standard output for each behaviour."""

import asyncio
import json
import math
import os
import sys
import time
import traceback
import uuid

from livekit import api, rtc

URL, KEY, SECRET = (os.environ[name] for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"))
RATE = 48_000
WIDTH, HEIGHT = 320, 180
PATIENCE_S = 20


async def seen(what, ask):
    """Asks again and again until the answer is something."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not (answer := ask()):
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"not seen: {what}")
        await asyncio.sleep(0.02)
    return answer


class Cast:
    """The people of one behaviour, in a room of their own."""

    def __init__(self):
        self.name = f"c-{uuid.uuid4().hex[:8]}"
        self.rooms = []
        self.tasks = []

    def token(self, identity):
        grants = api.VideoGrants(room_join=True, room=self.name, can_update_own_metadata=True)
        return api.AccessToken(KEY, SECRET).with_identity(identity).with_name(identity.upper()).with_grants(grants).to_jwt()

    async def join(self, identity):
        room = rtc.Room()
        self.rooms.append(room)
        await room.connect(URL, self.token(identity))
        return room

    async def pair(self):
        ana, ben = await self.join("ana"), await self.join("ben")
        await seen("each other", lambda: "ben" in ana.remote_participants and "ana" in ben.remote_participants)
        return ana, ben

    async def publish_picture(self, room):
        source = rtc.VideoSource(WIDTH, HEIGHT)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)
        publication = await room.local_participant.publish_track(track, options)
        frame = rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, bytes([120]) * (WIDTH * HEIGHT * 3 // 2))

        async def play():
            while True:
                source.capture_frame(frame)
                await asyncio.sleep(0.066)

        self.tasks.append(asyncio.create_task(play()))
        return publication

    async def publish_tone(self, room):
        source = rtc.AudioSource(RATE, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        publication = await room.local_participant.publish_track(track, options)
        count = RATE // 50
        wave = b"".join(
            int(8000 * math.sin(2 * math.pi * 500 * n / RATE)).to_bytes(2, "little", signed=True) for n in range(count)
        )

        async def play():
            while True:
                await source.capture_frame(rtc.AudioFrame(wave, RATE, 1, count))

        self.tasks.append(asyncio.create_task(play()))
        return publication

    async def end(self):
        for task in self.tasks:
            task.cancel()
        for room in self.rooms:
            await room.disconnect()


async def knows_each_other(cast):
    ana, ben = await cast.pair()
    assert ana.remote_participants["ben"].name == "BEN"
    await ben.disconnect()
    await seen("the leave", lambda: "ben" not in ana.remote_participants)


async def picture_and_tone(cast):
    ana, ben = await cast.pair()
    got = {"frames": 0, "loudness": 0}

    async def watch(track):
        if track.kind == rtc.TrackKind.KIND_VIDEO:
            async for _ in rtc.VideoStream(track):
                got["frames"] += 1
        else:
            async for event in rtc.AudioStream(track):
                got["loudness"] += sum(abs(each) for each in event.frame.data[::16])

    ben.on("track_subscribed", lambda track, *_: cast.tasks.append(asyncio.create_task(watch(track))))
    await cast.publish_picture(ana)
    await cast.publish_tone(ana)
    await seen("frames", lambda: got["frames"] > 10)
    await seen("the tone", lambda: got["loudness"] > 100_000)


async def unpublish(cast):
    ana, ben = await cast.pair()
    publication = await cast.publish_tone(ana)
    tracks = lambda: ben.remote_participants["ana"].track_publications
    await seen("the track", lambda: len(tracks()) == 1)
    await ana.local_participant.unpublish_track(publication.sid)
    await seen("its end", lambda: len(tracks()) == 0)


async def data(cast):
    ana, ben = await cast.pair()
    heard = []
    ben.on("data_received", lambda packet: heard.append((packet.data, packet.topic, packet.participant.identity)))
    await ana.local_participant.publish_data(b"hello", reliable=True, topic="greeting")
    await seen("the packet", lambda: heard == [(b"hello", "greeting", "ana")])


async def procedure(cast):
    ana, ben = await cast.pair()

    @ben.local_participant.register_rpc_method("greet")
    async def greet(call):
        return f"{call.payload}, {call.caller_identity}"

    answer = await ana.local_participant.perform_rpc(destination_identity="ben", method="greet", payload="hello")
    assert answer == "hello, ana", answer
    try:
        await ana.local_participant.perform_rpc(destination_identity="ben", method="none", payload="")
    except rtc.RpcError as error:
        assert error.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD, error.code
    else:
        raise AssertionError("a method nobody offers was not refused")


async def text(cast):
    ana, ben = await cast.pair()
    got = []

    def take(reader, identity):
        async def read():
            got.append((await reader.read_all(), identity))

        cast.tasks.append(asyncio.create_task(read()))

    ben.register_text_stream_handler("book", take)
    book = "line of a book\n" * 3_000
    await ana.local_participant.send_text(book, topic="book")
    await seen("the book", lambda: got == [(book, "ana")])


async def details(cast):
    ana, ben = await cast.pair()
    await ana.local_participant.set_attributes({"hand": "up"})
    await ana.local_participant.set_metadata("m")
    there = ben.remote_participants["ana"]
    await seen("both", lambda: there.attributes.get("hand") == "up" and there.metadata == "m")


async def room_service(cast):
    service = api.LiveKitAPI(URL.replace("ws", "http"), KEY, SECRET)
    try:
        made = await service.room.create_room(api.CreateRoomRequest(name=cast.name, metadata="agenda"))
        assert made.name == cast.name and made.metadata == "agenda"
        ana = await cast.join("ana")
        await cast.publish_tone(ana)
        listed = await service.room.list_rooms(api.ListRoomsRequest(names=[cast.name]))
        assert [room.name for room in listed.rooms] == [cast.name]
        here = await service.room.list_participants(api.ListParticipantsRequest(room=cast.name))
        assert [who.identity for who in here.participants] == ["ana"]
        heard = []
        ana.on("data_received", lambda packet: heard.append(packet.data))
        packet = api.SendDataRequest(room=cast.name, data=b"desk", kind=api.DataPacket.Kind.RELIABLE)
        await service.room.send_data(packet)
        await seen("the packet", lambda: heard == [b"desk"])
        ended = []
        ana.on("disconnected", ended.append)
        await service.room.remove_participant(api.RoomParticipantIdentity(room=cast.name, identity="ana"))
        await seen("the end", lambda: ended)
        assert ended[0] == rtc.DisconnectReason.PARTICIPANT_REMOVED, ended
        await service.room.delete_room(api.DeleteRoomRequest(room=cast.name))
        assert not (await service.room.list_rooms(api.ListRoomsRequest(names=[cast.name]))).rooms
    finally:
        await service.aclose()


BEHAVIOURS = {
    "two join and know each other by name": knows_each_other,
    "a picture and a tone are published and received": picture_and_tone,
    "an unpublished track goes": unpublish,
    "data arrive with topic and sender": data,
    "a remote procedure answers, and an unknown one is refused": procedure,
    "a text of 45 000 characters arrives whole": text,
    "metadata and attributes are changed and seen": details,
    "the room service makes, lists, sends, removes and deletes": room_service,
}


async def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    for name, play in BEHAVIOURS.items():
        if only not in f"python: {name}":
            continue
        cast, problem, begun = Cast(), None, time.monotonic()
        try:
            await play(cast)
        except Exception as error:
            problem = str(error) or traceback.format_exception_only(error)[-1].strip()
        await cast.end()
        milliseconds = round((time.monotonic() - begun) * 1000)
        print(json.dumps({"behaviour": name, "problem": problem, "milliseconds": milliseconds}), flush=True)


asyncio.run(main())
